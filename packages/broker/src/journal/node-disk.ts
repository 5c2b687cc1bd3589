/** The real disk: one directory of the machine, through the callback calls of `node:fs` (its promises cost more per call). */
import * as fs from "node:fs";
import { mkdir } from "node:fs/promises";
import { dirname, join, resolve as resolvePath } from "node:path";
import { holderOf, lockDirectory } from "./directory-lock.ts";
import type { Disk, DiskFile } from "./disk.ts";

type Done<Value> = (error: NodeJS.ErrnoException | null, value: Value) => void;

function promised<Value>(call: (done: Done<Value>) => void): Promise<Value> {
  return new Promise((resolve, reject) => {
    call((error, value) => (error === null ? resolve(value) : reject(error)));
  });
}

class NodeFile implements DiskFile {
  readonly #descriptor: number;

  constructor(descriptor: number) {
    this.#descriptor = descriptor;
  }

  write(bytes: Uint8Array, offset: number): Promise<number> {
    return promised((done) => fs.write(this.#descriptor, bytes, 0, bytes.length, offset, done));
  }

  read(bytes: Uint8Array, offset: number): Promise<number> {
    return promised((done) => fs.read(this.#descriptor, bytes, 0, bytes.length, offset, done));
  }

  sync(): Promise<void> {
    return promised((done: Done<void>) => fs.fdatasync(this.#descriptor, (error) => done(error)));
  }

  truncate(size: number): Promise<void> {
    return promised((done: Done<void>) => fs.ftruncate(this.#descriptor, size, (error) => done(error)));
  }

  async size(): Promise<number> {
    return (await promised<fs.Stats>((done) => fs.fstat(this.#descriptor, done))).size;
  }

  close(): Promise<void> {
    return promised((done: Done<void>) => fs.close(this.#descriptor, (error) => done(error ?? null)));
  }
}

export class NodeDisk implements Disk {
  readonly #directory: string;
  readonly #openFlags: "r+" | "r";

  private constructor(directory: string, openFlags: "r+" | "r") {
    this.#directory = directory;
    this.#openFlags = openFlags;
  }

  /** For looking at a directory that must be there: files are opened for reading only, and the lock is not taken. */
  static openToRead(directory: string): NodeDisk {
    return new NodeDisk(resolvePath(directory), "r");
  }

  /** Opens a directory, which is made (with its parents, and durably) when it is not there. Rejects with the error of the system. */
  static async open(directory: string): Promise<NodeDisk> {
    const path = resolvePath(directory);
    const firstMade = await mkdir(path, { recursive: true });
    if (firstMade !== undefined) {
      for (let made = path; made.length >= firstMade.length; made = dirname(made)) {
        await syncDirectoryAt(dirname(made));
      }
    }
    return new NodeDisk(path, "r+");
  }

  list(): Promise<readonly string[]> {
    return promised<string[]>((done) => fs.readdir(this.#directory, done));
  }

  create(name: string): Promise<DiskFile> {
    return this.#open(name, "wx+");
  }

  open(name: string): Promise<DiskFile> {
    return this.#open(name, this.#openFlags);
  }

  async #open(name: string, flags: string): Promise<DiskFile> {
    return new NodeFile(await promised<number>((done) => fs.open(this.#path(name), flags, done)));
  }

  remove(name: string): Promise<void> {
    return promised((done: Done<void>) => fs.unlink(this.#path(name), (error) => done(error)));
  }

  rename(from: string, to: string): Promise<void> {
    return promised((done: Done<void>) =>
      fs.rename(this.#path(from), this.#path(to), (error) => done(error)),
    );
  }

  syncDirectory(): Promise<void> {
    return syncDirectoryAt(this.#directory);
  }

  lock(): Promise<AsyncDisposable> {
    return lockDirectory(this.#directory);
  }

  /** The process id of the living process that holds the lock, if there is one. */
  holder(): Promise<number | undefined> {
    return holderOf(this.#directory);
  }

  #path(name: string): string {
    return join(this.#directory, name);
  }
}

/** Windows cannot open a directory to sync it; what we promise there is a crash of the process, not a power cut. */
async function syncDirectoryAt(path: string): Promise<void> {
  if (process.platform === "win32") return;
  const descriptor = await promised<number>((done) => fs.open(path, "r", done));
  try {
    await promised((done: Done<void>) => fs.fsync(descriptor, (error) => done(error)));
  } finally {
    await promised((done: Done<void>) => fs.close(descriptor, (error) => done(error ?? null)));
  }
}
