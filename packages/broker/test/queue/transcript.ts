/**
 * Runs transcripts: text that reads as documentation and is held to be true. A line is a command and, behind an arrow, what it answers.
 *
 *     # A title begins a world of its own.
 *     create jobs visibility=30s dead-letter=jobs-dead max-receives=2
 *     send jobs "resize photo 7"        -> m1
 *     receive jobs max=2                -> m1 receives=1
 *     ack m1                            -> done
 *
 * Messages are m1, m2, ... in the order in which they were sent, and keep their names when they are moved. `ack m1` uses the receipt of
 * the newest delivery, `ack m1@1` that of the first. In `pass-unnoticed 30s` time passes and nothing that falls due is done. Durations are
 * 250ms, 30s, 10m, 12h or 7d; the text in quotes is a body, or the error of a nack. What a command answers is optional. The commands are in
 * stage.ts, the settings in stage-settings.ts.
 */
import { equal } from "node:assert/strict";
import { Stage } from "./stage.ts";

export interface Transcript {
  readonly title: string;
  readonly lines: readonly { readonly number: number; readonly text: string }[];
}

/** Cuts a file into transcripts: each begins with a line that starts with `#` behind an empty one. */
export function readTranscripts(text: string): readonly Transcript[] {
  const transcripts: { title: string; lines: { number: number; text: string }[] }[] = [];
  let blank = true;
  for (const [index, line] of text.split("\n").entries()) {
    if (line.startsWith("#")) {
      if (blank) transcripts.push({ title: line.slice(1).trim(), lines: [] });
    } else if (line.trim() !== "") {
      transcripts.at(-1)?.lines.push({ number: index + 1, text: line.trim() });
    }
    blank = line.trim() === "";
  }
  return transcripts;
}

export function runTranscript({ lines }: Transcript): void {
  const stage = new Stage();
  for (const { number, text } of lines) {
    const [command = "", expected] = text.split(/\s+->\s+/);
    const answer = stage.run(command);
    if (expected !== undefined) equal(answer, expected.replaceAll(/\s+/g, " "), `line ${number}: ${command}`);
    stage.world.audit();
  }
}
