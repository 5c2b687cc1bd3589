/** Messages as few pieces of memory to write: small ones joined, large ones as they are, and the same pieces for every consumer. */
import { encodeFrames, frameHeader } from "@sluice/protocol";
import type { TopicRecord } from "../../broker/api.ts";

/** From this size on, copying a payload costs more than one more piece in the write. */
const largeBytes = 16 * 1024;

/** The frames of `payloads` in order. Large payloads are in it by reference. */
export function frameBlocks(payloads: readonly Uint8Array[]): readonly Uint8Array[] {
  const blocks: Uint8Array[] = [];
  let small: Uint8Array[] = [];
  const join = (): void => {
    if (small.length > 0) blocks.push(encodeFrames(small));
    small = [];
  };
  for (const payload of payloads) {
    if (payload.length < largeBytes) {
      small.push(payload);
    } else {
      join();
      blocks.push(frameHeader(payload.length), payload);
    }
  }
  join();
  return blocks;
}

interface Encoded {
  readonly count: number;
  readonly last: TopicRecord | undefined;
  readonly blocks: readonly Uint8Array[];
}

/**
 * Remembers the blocks of a run of records while the records live: consumers that keep pace take the same runs, so that
 * a broadcast to many is encoded once.
 */
export class SharedBlocks {
  readonly #byFirst = new WeakMap<TopicRecord, Encoded>();

  of(records: readonly TopicRecord[]): readonly Uint8Array[] {
    const [first] = records;
    if (first === undefined) return [];
    const last = records.at(-1);
    const known = this.#byFirst.get(first);
    if (known?.count === records.length && known.last === last) return known.blocks;
    const blocks = frameBlocks(records.map((record) => record.body));
    this.#byFirst.set(first, { count: records.length, last, blocks });
    return blocks;
  }
}
