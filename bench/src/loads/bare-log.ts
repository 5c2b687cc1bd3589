/**
 * Group commit and nothing else: what is appended while the disk is busy is written and synced together. No rules, no checksums, no
 * recovery. What the journal and the broker cost is what they cost beside this.
 */
import { fdatasync, write } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";

export class BareLog implements AsyncDisposable {
  readonly #file: FileHandle;
  #pending: Uint8Array[] = [];
  #settled: (() => void)[] = [];
  #offset = 0;
  #busy = false;

  private constructor(file: FileHandle) {
    this.#file = file;
  }

  /** Makes a file in the directory. */
  static async open(directory: string): Promise<BareLog> {
    return new BareLog(await open(join(directory, "log"), "wx+"));
  }

  /** Resolves when the bytes are on the disk. */
  append(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve) => {
      this.#pending.push(bytes);
      this.#settled.push(resolve);
      if (this.#busy) return;
      this.#busy = true;
      // What the callers of this turn append goes along.
      setImmediate(() => this.#flush());
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close();
  }

  #flush(): void {
    if (this.#pending.length === 0) {
      this.#busy = false;
      return;
    }
    const bytes = Buffer.concat(this.#pending);
    const settled = this.#settled;
    this.#pending = [];
    this.#settled = [];
    write(this.#file.fd, bytes, 0, bytes.length, this.#offset, (error, written) => {
      if (error !== null || written < bytes.length) throw error ?? new Error("the disk took less than given");
      this.#offset += bytes.length;
      fdatasync(this.#file.fd, (syncError) => {
        if (syncError !== null) throw syncError;
        for (const resolve of settled) resolve();
        setImmediate(() => this.#flush());
      });
    });
  }
}
