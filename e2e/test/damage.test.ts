/** What a process makes of a journal that somebody or something has damaged while it was down. */
import { deepEqual, equal, notEqual } from "node:assert/strict";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { dataDirectory } from "../src/data-directory.ts";
import { HttpClient } from "../src/http-client.ts";
import { SluiceProcess } from "../src/sluice-process.ts";

const bodies = Array.from({ length: 20 }, (_, i) => `the body of message ${i + 100}`);
const damaged = "the body of message 110";

async function enqueue(process: SluiceProcess, messages: readonly string[]): Promise<void> {
  const http = new HttpClient((await process.addresses()).http);
  for (const body of messages) equal((await http.post("/enqueue", { queue: "jobs", body })).status, 201);
}

async function newestSegment(dataPath: string): Promise<string> {
  const journal = join(dataPath, "journal");
  const names = (await readdir(journal)).filter((name) => name.endsWith(".segment")).sort();
  return join(journal, names.at(-1) ?? "");
}

test("flipped bits cost the record that they are in, a torn tail costs nothing, and both are said", async () => {
  await using data = await dataDirectory();
  const process = await SluiceProcess.start({ DATA_DIR: data.path });
  await enqueue(process, bodies);
  await process.stop("SIGKILL");
  const locks = (await readdir(join(data.path, "journal"))).filter((name) => name.endsWith(".lock"));
  equal(locks.length, 1, "kill -9 leaves the lock behind, which is in nobody's way");

  const path = await newestSegment(data.path);
  const bytes = await readFile(path);
  const at = bytes.indexOf(damaged);
  notEqual(at, -1);
  bytes[at] = 0xff;
  // As a power cut may leave it: the beginning of one more append.
  const half = bytes.subarray(bytes.lastIndexOf("the body of") - 60, bytes.length - 5);
  await writeFile(path, Buffer.concat([bytes, half]));

  const second = await SluiceProcess.start({ DATA_DIR: data.path });
  const passedOver = await second.logged("a part of the journal is damaged and was passed over");
  deepEqual([passedOver.level, passedOver.appendsLost], ["error", 1]);
  const cut = await second.logged("cut the end of the journal, where an append had not been finished");
  equal(cut.level, "warn");
  await enqueue(second, ["after the cut"]);
  await second.stop("SIGKILL");

  await using third = await SluiceProcess.start({ DATA_DIR: data.path });
  const http = new HttpClient((await third.addresses()).http);
  const { body } = await http.get<{ messages: { body: string }[] }>("/dequeue?queue=jobs&max=100");
  const left = [...bodies.filter((each) => each !== damaged), "after the cut"];
  deepEqual(
    body.messages.map((message) => message.body),
    left,
  );
});
