/** Keeps the files that are read from open, the most recently used ones, each until its last reader is done. */
import type { DiskFile } from "./disk.ts";

/** What is kept of an open file. */
export interface Opened {
  readonly file: DiskFile;
}

interface Entry<Kept extends Opened> {
  readonly opening: Promise<Kept>;
  readers: number;
  /** No longer to be used: closes with its last reader. */
  dropped: boolean;
}

export class OpenFiles<Kept extends Opened> {
  readonly #countMax: number;
  readonly #entries = new Map<string, Entry<Kept>>();

  /** Keeps at most `countMax` files open beside those that are being read. */
  constructor(countMax: number) {
    this.#countMax = countMax;
  }

  /** Reads from the file of that name, which `open` opens if it is not open. Rejects with the error of either. */
  async use<Value>(
    name: string,
    open: () => Promise<Kept>,
    read: (opened: Kept) => Promise<Value>,
  ): Promise<Value> {
    const entry = this.#entry(name, open);
    entry.readers += 1;
    try {
      return await read(await entry.opening);
    } finally {
      entry.readers -= 1;
      if (entry.dropped && entry.readers === 0) await closeQuietly(entry);
    }
  }

  /** From now on the file counts as not open. */
  async drop(name: string): Promise<void> {
    const entry = this.#entries.get(name);
    if (entry === undefined) return;
    this.#entries.delete(name);
    entry.dropped = true;
    if (entry.readers === 0) await closeQuietly(entry);
  }

  async close(): Promise<void> {
    for (const name of [...this.#entries.keys()]) await this.drop(name);
  }

  #entry(name: string, open: () => Promise<Kept>): Entry<Kept> {
    let entry = this.#entries.get(name);
    if (entry === undefined) {
      const made: Entry<Kept> = { opening: open(), readers: 0, dropped: false };
      made.opening.catch(() => {
        if (this.#entries.get(name) === made) this.#entries.delete(name);
      });
      entry = made;
    }
    this.#entries.delete(name);
    this.#entries.set(name, entry);
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.#countMax) break;
      void this.drop(oldest);
    }
    return entry;
  }
}

/** A file that was only read, or could not be opened, has nothing to lose. */
async function closeQuietly<Kept extends Opened>({ opening }: Entry<Kept>): Promise<void> {
  await opening.then(({ file }) => file.close()).catch(() => undefined);
}
