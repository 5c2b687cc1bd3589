/** The README's examples, run as they stand: each `sh` block in one shell after the other, against a real process. */
import { deepEqual, equal, match } from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { SluiceProcess } from "../src/sluice-process.ts";

const root = join(import.meta.dirname, "../..");

interface Output {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function bash(script: string): Promise<Output> {
  return new Promise((resolve) => {
    const env = { ...process.env, npm_config_update_notifier: "false" };
    execFile(
      "bash",
      ["-eu", "-o", "pipefail", "-c", script],
      { cwd: root, env, timeout: 120_000 },
      (error, stdout, stderr) => {
        const code = typeof error?.code === "number" ? error.code : error === null ? 0 : 1;
        resolve({ code, stdout, stderr });
      },
    );
  });
}

test("every example of the README does what it says", async () => {
  const directory = await mkdtemp(join(tmpdir(), "sluice-readme-"));
  await using process = await SluiceProcess.start({ DATA_DIR: join(directory, "data") });
  const addresses = await process.addresses();
  const readme = await readFile(join(root, "README.md"), "utf8");
  const blocks = [...readme.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, block]) => block ?? "");
  equal(blocks.length, 9);
  const script = blocks
    .join("\n")
    .replace("http://127.0.0.1:8080", addresses.http)
    .replaceAll("127.0.0.1/9080", `127.0.0.1/${addresses.tcpPort}`)
    .replace("examples/events/main.ts", `examples/events/main.ts ${join(directory, "events")}`)
    .replace("--count 2", "--count 2 --think 0");
  const { code, stdout, stderr } = await bash(script);
  // What npm has to say about its own configuration on this machine is not ours.
  const complaints = stderr.split("\n").filter((line) => line !== "" && !line.startsWith("npm warn"));
  deepEqual({ code, complaints }, { code: 0, complaints: [] }, stdout);
  match(stdout, /"durability":"synced"/);
  match(stdout, /"body":"resize photo 7"/);
  match(stdout, /"lastError":"no such file"/);
  match(stdout, /"status":"(running|done)"/);
  match(stdout, /\nhello\n/);
  match(stdout, /offset 1: o-2 for 5/);
  match(stdout, /"status":"ready"/);
  match(stdout, /"position":1,"status":"waiting"/);
  match(stdout, /1 Ann: hi Bob/);
  match(stdout, /"status":"Sent"/);
  await rm(directory, { recursive: true });
});
