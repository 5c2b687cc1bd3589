/** Requests of one connection that are being answered: how many, how large, and when there are none. */
import type { Said } from "./dispatch.ts";

/** Holding a request costs more than its bytes: without this, a flood of empty ones would be free. */
const overheadBytes = 256;

export class Load {
  /** All of them. */
  #count = 0;
  /** Those that do not wait. */
  #promptCount = 0;
  #bytes = 0;
  #idle: PromiseWithResolvers<void> | undefined;
  #readsOver: PromiseWithResolvers<void> | undefined;

  get isIdle(): boolean {
    return this.#count === 0;
  }

  get bytes(): number {
    return this.#bytes;
  }

  exceeds(countMax: number, bytesMax: number): boolean {
    return this.#promptCount > countMax || this.#bytes > bytesMax;
  }

  /** Counts a request until it was answered; calls `answered` then. */
  add(verb: Said["verb"], payloadBytes: number, working: Promise<void>, answered: () => void): void {
    // A read may wait for minutes: it must not keep an ack behind it from being read. Reads have bounds of their own.
    const prompt = verb === "receive" || verb === "fetch" ? 0 : 1;
    const bytes = payloadBytes + overheadBytes;
    this.#count++;
    this.#promptCount += prompt;
    this.#bytes += bytes;
    void working.then(() => {
      this.#count--;
      this.#promptCount -= prompt;
      this.#bytes -= bytes;
      if (this.#count === 0) this.#idle?.resolve();
      if (this.#count === this.#promptCount) this.#readsOver?.resolve();
      answered();
    });
  }

  whenIdle(): Promise<void> {
    if (this.isIdle) return Promise.resolve();
    this.#idle = Promise.withResolvers();
    return this.#idle.promise;
  }

  /** Resolves when no receive or fetch is under way. Others may take long, such as a publish that a subscriber blocks. */
  whenReadsOver(): Promise<void> {
    if (this.#count === this.#promptCount) return Promise.resolve();
    this.#readsOver = Promise.withResolvers();
    return this.#readsOver.promise;
  }
}
