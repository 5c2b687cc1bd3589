/** Runs the transcripts beside this file. They are the pages to read first on what a queue does. */
import { readdirSync, readFileSync } from "node:fs";
import { suite, test } from "node:test";
import { readTranscripts, runTranscript } from "./transcript.ts";

const folder = new URL("./transcripts/", import.meta.url);

for (const file of readdirSync(folder).sort()) {
  suite(file, () => {
    for (const transcript of readTranscripts(readFileSync(new URL(file, folder), "utf8"))) {
      test(transcript.title, () => runTranscript(transcript));
    }
  });
}
