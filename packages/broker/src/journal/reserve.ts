/**
 * Room that is kept for a full disk: a file of written zeros, given up when a write finds no space, so that acks, checkpoints and whatever else
 * drains the journal still fit. It is written again as soon as there is space for it; until then the journal counts as full.
 */
import type { Clock, Timer } from "@sluice/runtime";
import type { MeasuredDisk } from "./measured-disk.ts";
import { writeWhole } from "./whole-transfer.ts";

export const reserveName = "reserve";
/** The name while it is being written: what is called `reserve` is whole and synced. */
const unfinishedName = "reserve.unfinished";

const pieceBytesMax = 1024 * 1024;
/** So that it is known how much there is room for, when there is none for all. */
const piecesMin = 16;
const firstRetryMs = 1000;
const longestRetryMs = 30_000;

export interface ReserveOptions {
  readonly disk: MeasuredDisk;
  /** How much is kept; 0: no reserve, and a full disk stops the journal. */
  readonly bytes: number;
  readonly clock: Clock;
  /** Makes changes of names durable; stops the journal and rejects when that fails. */
  readonly syncDirectory: () => Promise<void>;
  /** Told when the disk was found full, and when the reserve is there again. */
  readonly onChange: (full: boolean) => void;
}

export class Reserve {
  readonly #options: ReserveOptions;
  #full = false;
  #held = false;
  /** Bytes of all files when something last found no space. */
  #fullAtBytes = 0;
  #writing: Promise<void> | undefined;
  /** The space that is being written to is wanted for something else. */
  #yielding = false;
  #giving: Promise<boolean> | undefined;
  /** How often something was given up. */
  #givenCount = 0;
  #timer: Timer | undefined;
  #retryMs = firstRetryMs;
  #stopped = false;

  constructor(options: ReserveOptions) {
    this.#options = options;
  }

  /** Whether the disk was found full and the reserve could not be written again since. */
  get full(): boolean {
    return this.#full;
  }

  /** Bytes that a full disk has for this directory, as far as is known: until there are as many as when something last found no space. */
  get roomBytes(): number {
    return Math.max(0, this.#fullAtBytes - this.#options.disk.bytes);
  }

  /** Bytes that may be written while the disk is full. */
  get bytes(): number {
    return this.#options.bytes;
  }

  /**
   * Takes over what the process before left, or begins to write a reserve. Resolves when it is known whether there is room for one; beside an
   * empty journal at once, because a first start should not wait for it.
   */
  async open(journalIsEmpty: boolean): Promise<void> {
    const { disk, bytes } = this.#options;
    const names = await disk.list();
    if (names.includes(unfinishedName)) await disk.remove(unfinishedName);
    if (names.includes(reserveName)) {
      const file = await disk.open(reserveName);
      const size = await file.size().finally(() => file.close());
      this.#held = bytes > 0 && size === bytes;
      if (!this.#held) await disk.remove(reserveName);
    }
    if (this.#held || bytes === 0) return;
    const written = this.#begin();
    if (!journalIsEmpty) await written;
  }

  /** Runs a write, again after the reserve was given up when there is no space for it. Rejects with its error when that was not enough. */
  async during<Value>(write: () => Promise<Value>): Promise<Value> {
    for (;;) {
      const givenCount = this.#givenCount;
      try {
        return await write();
      } catch (error) {
        if (!isNoSpace(error)) throw error;
        // Another write may have made room while this one failed.
        if (givenCount === this.#givenCount && !(await this.#giveUp())) throw error;
      }
    }
  }

  /** Something was removed: there may be space again. */
  retry(): void {
    this.#retryMs = firstRetryMs;
    if (this.#full) void this.#begin();
  }

  /** Writes nothing any more; resolves when nothing is under way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.[Symbol.dispose]();
    await this.#writing;
  }

  /** False when there was nothing to give. */
  #giveUp(): Promise<boolean> {
    this.#giving ??= this.#give().finally(() => {
      this.#giving = undefined;
    });
    return this.#giving;
  }

  async #give(): Promise<boolean> {
    const { disk, syncDirectory } = this.#options;
    const writing = this.#writing;
    if (writing === undefined && !this.#held) return false;
    this.#setFull(true);
    this.#givenCount += 1;
    this.#fullAtBytes = disk.bytes;
    if (writing !== undefined) {
      this.#yielding = true;
      await writing;
      if (!this.#held) return true;
    }
    this.#held = false;
    await disk.remove(reserveName);
    // Some file systems give the blocks back only when the removal is on the disk.
    await syncDirectory();
    this.#later();
    return true;
  }

  #begin(): Promise<void> {
    if (this.#stopped || this.#held) return Promise.resolve();
    this.#timer?.[Symbol.dispose]();
    this.#yielding = false;
    this.#writing ??= this.#write().finally(() => {
      this.#writing = undefined;
      if (!this.#held) this.#later();
    });
    return this.#writing;
  }

  async #write(): Promise<void> {
    const { disk, bytes, syncDirectory } = this.#options;
    try {
      if (this.#full) await disk.remove(unfinishedName).catch(() => undefined);
      const file = await disk.create(unfinishedName);
      try {
        const zeros = new Uint8Array(Math.min(pieceBytesMax, Math.ceil(bytes / piecesMin)));
        for (let at = 0; at < bytes && this.#goesOn(); at += zeros.length) {
          await writeWhole(file, zeros.subarray(0, Math.min(zeros.length, bytes - at)), at);
        }
        if (this.#goesOn()) await file.sync();
      } finally {
        await file.close();
      }
      if (this.#goesOn()) {
        await disk.rename(unfinishedName, reserveName);
        this.#held = true;
        await syncDirectory();
        this.#setFull(false);
        this.#retryMs = firstRetryMs;
        return;
      }
    } catch (error) {
      // Whatever else is wrong with the disk, the journal finds out by its own writes.
      if (this.#held) return;
      if (isNoSpace(error)) {
        this.#fullAtBytes = disk.bytes;
        this.#setFull(true);
      }
    }
    await disk.remove(unfinishedName).catch(() => undefined);
    await syncDirectory().catch(() => undefined);
  }

  #goesOn(): boolean {
    return !this.#yielding && !this.#stopped;
  }

  #later(): void {
    if (this.#stopped) return;
    const { clock } = this.#options;
    this.#timer?.[Symbol.dispose]();
    this.#timer = clock.after(this.#retryMs, () => void this.#begin()).unref();
    this.#retryMs = Math.min(2 * this.#retryMs, longestRetryMs);
  }

  #setFull(full: boolean): void {
    if (this.#full === full) return;
    this.#full = full;
    this.#options.onChange(full);
  }
}

/** The disk is full, or the quota of the user is. */
function isNoSpace(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ENOSPC" || error.code === "EDQUOT");
}
