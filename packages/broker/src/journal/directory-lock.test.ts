/** One process a directory: whoever is second hears who is first, and a holder that was killed is succeeded without help. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { NodeDisk } from "./node-disk.ts";

async function emptyDirectory(t: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "sluice-lock-"));
  t.after(() => rm(directory, { recursive: true }));
  return directory;
}

/** A process that takes the lock, says `held` or the code of the fault, and stays until it is killed. */
function contender(t: TestContext, directory: string): { process: ChildProcess; said: Promise<string> } {
  const script = `
    import { NodeDisk } from ${JSON.stringify(new URL("./node-disk.ts", import.meta.url).href)};
    const disk = await NodeDisk.open(process.argv[1]);
    process.stdin.once("data", async () => {
      try { await disk.lock(); process.stdout.write("held"); }
      catch (error) { process.stdout.write(String(error.code)); }
    });
    process.stdout.write("ready");`;
  const child = spawn(process.execPath, ["--input-type=module-typescript", "-e", script, directory], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  t.after(() => child.kill("SIGKILL"));
  const said = (async () => {
    await once(child.stdout, "data");
    child.stdin.write("go");
    const [data] = await once(child.stdout, "data");
    return String(data);
  })();
  return { process: child, said };
}

test("a second taker is refused with the process and the directory, also in the same process", async (t) => {
  const directory = await emptyDirectory(t);
  const disk = await NodeDisk.open(directory);
  const lock = await disk.lock();
  await assert.rejects(disk.lock(), {
    code: "directory-in-use",
    message: new RegExp(`${directory} is in use by process ${process.pid}`),
  });
  await lock[Symbol.asyncDispose]();
  await using _again = await disk.lock();
  assert.equal((await readdir(directory)).length, 1);
});

test("a lock is nobody's when its process id was given to another process since", async (t) => {
  const directory = await emptyDirectory(t);
  await writeFile(join(directory, "4.lock"), `pid ${process.pid} started 1\n`);
  await using _lock = await (await NodeDisk.open(directory)).lock();
  assert.deepEqual(await readdir(directory), ["5.lock"]);
});

test("a lock that says nothing, and what a killed process left half done, are in nobody's way", async (t) => {
  const directory = await emptyDirectory(t);
  await writeFile(join(directory, "1.lock"), "");
  await writeFile(join(directory, "lock-2147483646-1.draft"), "pid 2147483646 started 5\n");
  await using _lock = await (await NodeDisk.open(directory)).lock();
  assert.deepEqual(await readdir(directory), ["2.lock"]);
});

test("a holder that was killed with kill -9 is succeeded by exactly one of those who race for its lock", async (t) => {
  const directory = await emptyDirectory(t);
  const first = contender(t, directory);
  assert.equal(await first.said, "held");
  await assert.rejects((await NodeDisk.open(directory)).lock(), {
    code: "directory-in-use",
    message: new RegExp(`process ${first.process.pid}`),
  });
  first.process.kill("SIGKILL");
  await once(first.process, "exit");

  const racers = [contender(t, directory), contender(t, directory), contender(t, directory)];
  const said = await Promise.all(racers.map((racer) => racer.said));
  assert.deepEqual(said.sort(), ["directory-in-use", "directory-in-use", "held"]);
});
