/**
 * One process at a time in a directory, without an operator's help after `kill -9`.
 *
 * A holder is a file `<number>.lock` that says who it is: process id and start time, so that a process id given anew is not taken
 * for the holder. The file appears with its content in one step (written aside, then hard-linked). Who finds only dead holders
 * links the next number: of two that race one gets the name and the other finds it taken. Then the winner looks again: another
 * live holder, whatever its number, means that it must give way. So of two processes at least one sees the other, always.
 *
 * Processes that share a directory but not their process ids (containers with one volume) are not protected from each other.
 */
import { link, readdir, readFile, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Fault } from "@sluice/runtime";

interface Holder {
  readonly pid: number;
  /** Field 22 of /proc/<pid>/stat, in ticks since boot; `unknown` where there is no /proc. */
  readonly started: string;
}

const lockFile = /^(\d+)\.lock$/;
const draftFile = /^lock-(\d+)-\d+\.draft$/;
const contentOfLock = /^pid (\d+) started (\S+)\n$/;

let drafts = 0;

/** Takes the lock, or rejects with a `Fault` (`directory-in-use`) that names the holder and the directory. */
export async function lockDirectory(directory: string): Promise<AsyncDisposable> {
  const self: Holder = { pid: process.pid, started: (await startOf(process.pid)) ?? "unknown" };
  const draft = join(directory, `lock-${self.pid}-${++drafts}.draft`);
  await writeFile(draft, `pid ${self.pid} started ${self.started}\n`);
  try {
    const own = await linkNext(directory, draft);
    const held = join(directory, own);
    try {
      for (const { name, holder } of await holders(directory)) {
        if (name === own) continue;
        if (await lives(holder)) throw inUse(directory, holder);
        await removeIfThere(join(directory, name));
      }
    } catch (error) {
      await removeIfThere(held);
      throw error;
    }
    return { [Symbol.asyncDispose]: () => removeIfThere(held) };
  } finally {
    await removeIfThere(draft);
  }
}

/** The process id of the living holder of a directory, if there is one. Changes nothing. */
export async function holderOf(directory: string): Promise<number | undefined> {
  for (const { holder } of await holders(directory)) if (await lives(holder)) return holder?.pid;
  return undefined;
}

/** Links the draft under the number after the highest; again when another process was quicker, which is then judged like any other. */
async function linkNext(directory: string, draft: string): Promise<string> {
  for (;;) {
    await removeDeadDrafts(directory);
    let highest = 0;
    for (const { name, holder } of await holders(directory)) {
      if (await lives(holder)) throw inUse(directory, holder);
      highest = Math.max(highest, Number.parseInt(name, 10));
    }
    const name = `${highest + 1}.lock`;
    try {
      await link(draft, join(directory, name));
      return name;
    } catch (error) {
      if (codeOf(error) !== "EEXIST") throw error;
    }
  }
}

async function holders(directory: string): Promise<{ name: string; holder: Holder | undefined }[]> {
  const found = [];
  for (const name of await readdir(directory)) {
    if (!lockFile.test(name)) continue;
    const content = await readIfThere(join(directory, name));
    if (content === undefined) continue;
    const [, pid, started] = contentOfLock.exec(content) ?? [];
    const holder = pid === undefined || started === undefined ? undefined : { pid: Number(pid), started };
    found.push({ name, holder });
  }
  return found;
}

/** A lock that cannot be read is a dead one: a live holder's file was whole before it had its name. */
async function lives(holder: Holder | undefined): Promise<boolean> {
  if (holder === undefined || !exists(holder.pid)) return false;
  const started = await startOf(holder.pid);
  return started === undefined || holder.started === "unknown" || started === holder.started;
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === "EPERM";
  }
}

/** The name of the program stands in brackets and may hold anything, so fields are counted after the last bracket. */
async function startOf(pid: number): Promise<string | undefined> {
  const stat = await readIfThere(`/proc/${pid}/stat`);
  return stat?.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
}

async function removeDeadDrafts(directory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    const pid = draftFile.exec(name)?.[1];
    if (pid !== undefined && !exists(Number(pid))) await removeIfThere(join(directory, name));
  }
}

function inUse(directory: string, holder: Holder | undefined): Fault {
  return new Fault(
    "directory-in-use",
    `The directory ${directory} is in use by process ${holder?.pid}: one journal belongs to one process.`,
  );
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (codeOf(error) === "ENOENT" || codeOf(error) === "ESRCH") return undefined;
    throw error;
  }
}

async function removeIfThere(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw error;
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}
