/** Which segments still hold a body that somebody wants: counted, because the state knows its bodies and the journal need not. */
import { assert } from "@sluice/runtime";
import type { BodyPosition } from "./journal.ts";
import { segmentNumberOf } from "./record-codec.ts";

interface Count {
  readonly segmentNumber: number;
  live: number;
  /** The newest append when a body was last released: until that is synced, a crash could make the body wanted again. */
  emptiedAtSequence: number;
}

export class LiveBodies {
  readonly #counts = new Map<number, Count>();
  #last: Count | undefined;

  /** Each mention of a body counts: when it is appended, and when a replay finds it in an append or a checkpoint. */
  add(position: BodyPosition): void {
    this.#countOf(position).live += 1;
  }

  /** Takes one mention back. `lastSequence` is that of the newest append. True when it was the last one of its segment. */
  release(position: BodyPosition, lastSequence: number): boolean {
    const count = this.#countOf(position);
    assert(count.live > 0, `the body at ${position} was released more often than it was appended`);
    count.live -= 1;
    count.emptiedAtSequence = lastSequence;
    return count.live === 0;
  }

  /** The newest append when the last body of a segment was released; undefined while one is wanted. */
  emptiedAtSequence(segmentNumber: number): number | undefined {
    const count = this.#counts.get(segmentNumber);
    if (count === undefined) return 0;
    return count.live === 0 ? count.emptiedAtSequence : undefined;
  }

  forget(segmentNumber: number): void {
    this.#counts.delete(segmentNumber);
    if (this.#last?.segmentNumber === segmentNumber) this.#last = undefined;
  }

  /** Neighbours are mostly asked for together. */
  #countOf(position: BodyPosition): Count {
    const segmentNumber = segmentNumberOf(position);
    if (this.#last?.segmentNumber === segmentNumber) return this.#last;
    let count = this.#counts.get(segmentNumber);
    if (count === undefined) {
      count = { segmentNumber, live: 0, emptiedAtSequence: 0 };
      this.#counts.set(segmentNumber, count);
    }
    this.#last = count;
    return count;
  }
}
