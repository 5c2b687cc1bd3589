/** The leases of all rooms by their end: the next one is on top, and any can be taken out without a search. */
import { assert } from "./assert.ts";
import type { Lease, Session } from "./session.ts";

/** A session that holds a slot. */
export type Holder = Session & { readonly lease: Lease };

/** Binary heap over `lease.expiresAtMs`, ties by session id; a session knows its own index (-1: not in the heap). */
export class DeadlineHeap {
  readonly #holders: Holder[] = [];

  get size(): number {
    return this.#holders.length;
  }

  /** Who expires first. */
  get first(): Holder | undefined {
    return this.#holders[0];
  }

  add(holder: Holder): void {
    assert(holder.heapIndex === -1, "a lease has one deadline");
    holder.heapIndex = this.#holders.length;
    this.#holders.push(holder);
    this.#up(holder);
  }

  remove(session: Session): void {
    const index = session.heapIndex;
    assert(this.#holders[index] === session, "only a lease that runs can end");
    const last = this.#holders.pop();
    session.heapIndex = -1;
    if (last === undefined || last === session) return;
    last.heapIndex = index;
    this.#holders[index] = last;
    this.#up(last);
    this.#down(last);
  }

  /** Up to `max` sessions whose lease has ended at `wallMs`, the earliest first if there are no more than that. Changes nothing. */
  due(wallMs: number, max: number): readonly Holder[] {
    const found: Holder[] = [];
    const open = [0];
    for (let index = open.pop(); index !== undefined && found.length < max; index = open.pop()) {
      const holder = this.#holders[index];
      if (holder === undefined || holder.lease.expiresAtMs > wallMs) continue;
      found.push(holder);
      open.push(2 * index + 2, 2 * index + 1);
    }
    return found.sort(earlier);
  }

  #up(holder: Holder): void {
    while (holder.heapIndex > 0) {
      const parent = this.#holders[(holder.heapIndex - 1) >> 1];
      if (parent === undefined || earlier(parent, holder) <= 0) return;
      this.#swap(parent, holder);
    }
  }

  #down(holder: Holder): void {
    for (;;) {
      const left = this.#holders[2 * holder.heapIndex + 1];
      const right = this.#holders[2 * holder.heapIndex + 2];
      if (left === undefined) return;
      const child = right !== undefined && earlier(right, left) < 0 ? right : left;
      if (earlier(holder, child) <= 0) return;
      this.#swap(holder, child);
    }
  }

  #swap(a: Holder, b: Holder): void {
    [a.heapIndex, b.heapIndex] = [b.heapIndex, a.heapIndex];
    this.#holders[a.heapIndex] = a;
    this.#holders[b.heapIndex] = b;
  }
}

function earlier(a: Holder, b: Holder): number {
  if (a.lease.expiresAtMs !== b.lease.expiresAtMs) return a.lease.expiresAtMs - b.lease.expiresAtMs;
  return a.id < b.id ? -1 : 1;
}
