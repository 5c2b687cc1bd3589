/** Writes and reads that are done only when every byte is: a disk may take or give fewer than asked, or say "again". */
import { Fault } from "@sluice/runtime";
import type { DiskFile } from "./disk.ts";

/** Calls in a row that may make no progress before the disk counts as broken. */
const idleCallsMax = 100;

/** Writes all of `bytes` at `offset`. Rejects with the error of the disk. */
export async function writeWhole(file: DiskFile, bytes: Uint8Array, offset: number): Promise<void> {
  const written = await transferWhole(bytes, (rest, done) => file.write(rest, offset + done), "take");
  if (written < bytes.length) throw stuck("take", bytes.length - written);
}

/** Reads at `offset` until `bytes` is full or the file ends. Resolves with how many bytes there were. */
export function readWhole(file: DiskFile, bytes: Uint8Array, offset: number): Promise<number> {
  return transferWhole(bytes, (rest, done) => file.read(rest, offset + done), "give");
}

async function transferWhole(
  bytes: Uint8Array,
  transfer: (rest: Uint8Array, done: number) => Promise<number>,
  verb: "take" | "give",
): Promise<number> {
  let done = 0;
  let idleCalls = 0;
  while (done < bytes.length) {
    let moved = 0;
    try {
      moved = await transfer(done === 0 ? bytes : bytes.subarray(done), done);
      if (moved === 0 && verb === "give") return done;
    } catch (error) {
      if (!isAgain(error)) throw error;
    }
    done += moved;
    idleCalls = moved === 0 ? idleCalls + 1 : 0;
    if (idleCalls === idleCallsMax) throw stuck(verb, bytes.length - done);
  }
  return done;
}

function isAgain(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "EINTR" || error.code === "EAGAIN");
}

function stuck(verb: string, bytes: number): Fault {
  return new Fault("storage-stuck", `The disk did not ${verb} ${bytes} bytes in ${idleCallsMax} calls.`);
}
