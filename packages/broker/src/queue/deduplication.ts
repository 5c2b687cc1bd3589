/** Deduplication ids of the window (Q9), oldest first: what was sent with one is remembered, whatever has become of it since. */
import type { MessageSequence } from "./message.ts";

interface Remembered {
  readonly sequence: MessageSequence;
  /** By the monotonic clock. */
  readonly atMs: number;
}

export class DeduplicationWindow {
  /** In the order of their sequences: an id that is taken anew goes to the end. */
  readonly #entries = new Map<string, Remembered>();

  get size(): number {
    return this.#entries.size;
  }

  /** When the oldest id was taken, by the monotonic clock; undefined when there is none. */
  get oldestMs(): number | undefined {
    for (const { atMs } of this.#entries.values()) return atMs;
    return undefined;
  }

  /** The message that was sent with this id after `sinceMs`. */
  find(id: string, sinceMs: number): MessageSequence | undefined {
    const found = this.#entries.get(id);
    return found !== undefined && found.atMs > sinceMs ? found.sequence : undefined;
  }

  add(id: string, sequence: MessageSequence, atMs: number): void {
    this.#entries.delete(id);
    this.#entries.set(id, { sequence, atMs });
  }

  forget(throughSequence: MessageSequence): void {
    for (const [id, { sequence }] of this.#entries) {
      if (sequence > throughSequence) return;
      this.#entries.delete(id);
    }
  }

  /** The newest message whose id was taken no later than `sinceMs`; undefined when there is none. */
  lastBefore(sinceMs: number): MessageSequence | undefined {
    let last: MessageSequence | undefined;
    for (const { sequence, atMs } of this.#entries.values()) {
      if (atMs > sinceMs) break;
      last = sequence;
    }
    return last;
  }

  entries(): Iterable<[string, Remembered]> {
    return this.#entries;
  }
}
