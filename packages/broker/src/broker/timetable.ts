/**
 * The one timer of a broker. Each queue and each group says when it next has something to do; the timer is armed for the earliest. A
 * deadline is a command like any other, so being late by some milliseconds changes nothing but when it is given.
 */
import type { Clock, Timer } from "@sluice/runtime";

interface Entry {
  readonly dueMs: number;
  /** By its number in the catalog, which queues and groups share. */
  readonly owner: number;
}

export class Timetable {
  readonly #clock: Clock;
  readonly #fire: (owner: number) => void;
  /** A binary heap by `dueMs`. An entry counts only while `#dueMs` still says the same: moving one is pushing another. */
  readonly #heap: Entry[] = [];
  readonly #dueMs = new Map<number, number>();
  #timer: Timer | undefined;
  #armedMs = Number.POSITIVE_INFINITY;
  #closed = false;

  constructor(clock: Clock, fire: (owner: number) => void) {
    this.#clock = clock;
    this.#fire = fire;
  }

  /**
   * The owner has something to do at `dueMs` (monotonic), or nothing. A later instant than the one noted does not move it: it is
   * fired early, finds nothing to do, and notes anew. Deadlines mostly move later, and this costs nothing then.
   */
  note(owner: number, dueMs: number | undefined): void {
    if (this.#closed || dueMs === undefined) return;
    const noted = this.#dueMs.get(owner);
    if (noted !== undefined && noted <= dueMs) return;
    this.#dueMs.set(owner, dueMs);
    this.#push({ dueMs, owner });
    this.#arm();
  }

  close(): void {
    this.#closed = true;
    this.#timer?.[Symbol.dispose]();
  }

  #arm(): void {
    const first = this.#heap[0];
    if (first === undefined || first.dueMs >= this.#armedMs) return;
    this.#timer?.[Symbol.dispose]();
    this.#armedMs = first.dueMs;
    // Rounded up: a timer that fires a fraction of a millisecond early would find nothing to do and fire again at once.
    const delayMs = Math.max(1, Math.ceil(first.dueMs - this.#clock.now().monotonicMs));
    this.#timer = this.#clock.after(delayMs, () => this.#ring());
  }

  #ring(): void {
    this.#armedMs = Number.POSITIVE_INFINITY;
    const { monotonicMs } = this.#clock.now();
    for (
      let first = this.#heap[0];
      first !== undefined && first.dueMs <= monotonicMs;
      first = this.#heap[0]
    ) {
      this.#pop();
      if (this.#dueMs.get(first.owner) !== first.dueMs) continue;
      this.#dueMs.delete(first.owner);
      this.#fire(first.owner);
    }
    this.#arm();
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    let at = heap.push(entry) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent] as Entry;
      if (above.dueMs <= entry.dueMs) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = entry;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop() as Entry;
    if (heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      const right = heap[child + 1];
      if (right !== undefined && right.dueMs < (heap[child] as Entry).dueMs) child++;
      const below = heap[child] as Entry;
      if (below.dueMs >= last.dueMs) break;
      heap[at] = below;
      at = child;
    }
    heap[at] = last;
  }
}
