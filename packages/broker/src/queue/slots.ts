/**
 * Where the messages of a queue lie: one slot a message, each of its fields in an array of its own. A waiting message so costs some
 * seventy bytes beside its body, and the garbage collector sees a handful of arrays instead of millions of objects.
 */
import { BodyArena } from "./body-arena.ts";
import { type Attributes, type DeadLetterReason, noAttributes, type Provenance } from "./message.ts";

/**
 * Where a message is in its life. `entering` lasts only while it is put in; `fresh` and `returned` are both ready: they differ in what keeps
 * their order; `behind` waits for the message of its group that is before it.
 */
export const Phase = {
  free: 0,
  entering: 1,
  delayed: 2,
  fresh: 3,
  returned: 4,
  inFlight: 5,
  behind: 6,
  parked: 7,
} as const;

/** What only some messages have, beside a group and a priority. */
export interface MessageRarities {
  /** When it could be received first, by the wall clock; 0: when it came. */
  availableAtWallMs: number;
  /** How long it may wait from then on; infinite: for ever. */
  timeToLiveMs: number;
  /** When its time to live passes, by the monotonic clock; infinite: never. */
  expiresAtMs: number;
  /** Until when it is delayed, by the monotonic clock, while it stands behind another of its group; 0: it is not. */
  readyAtMs: number;
  /** What its last consumer said went wrong. */
  lastError: string;
  parkedReason: DeadLetterReason | undefined;
  parkedAtWallMs: number;
}

const capacityMin = 16;
/** An empty queue gives back what it holds beyond this. To come here again it must fill, so the copying stays amortised. */
const capacityKept = 1024;

const grown = <Column extends Float64Array | Uint32Array | Int32Array | Uint16Array | Uint8Array>(
  column: Column,
  to: Column,
): Column => {
  to.set(column);
  return to;
};

export class MessageSlots {
  #capacity = 0;
  #used = 0;
  /** First slot that was never used. */
  #virgin = 0;
  /** Freed slots, chained through `next`. */
  #freed = -1;

  sequence = new Float64Array(0);
  enqueuedAtMs = new Float64Array(0);
  bodyPosition = new Float64Array(0);
  bodyBytes = new Uint32Array(0);
  receiveCount = new Uint32Array(0);
  /** Of the last delivery; 0 when there was none. Empty until there is one in the queue, so that a backlog has none: `keepLeases` first. */
  lease = new Float64Array(0);
  phase = new Uint8Array(0);
  /** The slot behind this one in a list. */
  next = new Int32Array(0);
  /** The slot before this one in a list, or the index in a heap: a message is in one of them. */
  place = new Int32Array(0);
  /** 0 to 9. */
  priority = new Uint8Array(0);
  /** Where the body lies in `bodies`, which keeps these two; 0 when it is not in memory. */
  bodyChunk = new Uint32Array(0);
  bodyOffset = new Uint16Array(0);
  readonly bodies = new BodyArena(this);
  /** Empty until a message has any: most have none. */
  attributes: Attributes[] = [];
  /** By slot, and only for messages that were moved here. */
  readonly provenance = new Map<number, Provenance>();
  /** By slot, and only for messages that have any of it. */
  readonly rare = new Map<number, MessageRarities>();

  /** How many slots are taken. */
  get used(): number {
    return this.#used;
  }

  /** A free slot. The caller fills every field. */
  take(): number {
    this.#used++;
    const slot = this.#freed;
    if (slot >= 0) {
      this.#freed = this.next[slot] as number;
      return slot;
    }
    if (this.#virgin === this.#capacity) this.#grow();
    return this.#virgin++;
  }

  free(slot: number): void {
    this.phase[slot] = Phase.free;
    this.bodies.remove(slot);
    if (this.attributes.length > 0) this.attributes[slot] = noAttributes;
    if (this.provenance.size > 0) this.provenance.delete(slot);
    if (this.rare.size > 0) this.rare.delete(slot);
    this.next[slot] = this.#freed;
    this.#freed = slot;
    this.#used--;
    if (this.#used === 0 && this.#capacity > capacityKept) this.#reset();
  }

  /** From now on there are leases. */
  keepLeases(): void {
    if (this.lease.length === 0) this.lease = new Float64Array(this.#capacity);
  }

  setAttributes(slot: number, attributes: Attributes): void {
    if (this.attributes.length === 0) {
      if (attributes.size === 0) return;
      this.attributes = new Array<Attributes>(this.#virgin).fill(noAttributes);
    }
    this.attributes[slot] = attributes;
  }

  /** What only some messages have, made when there is none yet. */
  raritiesOf(slot: number): MessageRarities {
    let rare = this.rare.get(slot);
    if (rare === undefined) {
      rare = {
        availableAtWallMs: 0,
        timeToLiveMs: Number.POSITIVE_INFINITY,
        expiresAtMs: Number.POSITIVE_INFINITY,
        readyAtMs: 0,
        lastError: "",
        parkedReason: undefined,
        parkedAtWallMs: 0,
      };
      this.rare.set(slot, rare);
    }
    return rare;
  }

  /** Every slot that is taken, in no particular order. */
  *[Symbol.iterator](): Iterator<number> {
    for (let slot = 0; slot < this.#virgin; slot++) if (this.phase[slot] !== Phase.free) yield slot;
  }

  #grow(): void {
    const capacity = Math.max(capacityMin, this.#capacity * 2);
    this.sequence = grown(this.sequence, new Float64Array(capacity));
    this.enqueuedAtMs = grown(this.enqueuedAtMs, new Float64Array(capacity));
    this.bodyPosition = grown(this.bodyPosition, new Float64Array(capacity));
    this.bodyBytes = grown(this.bodyBytes, new Uint32Array(capacity));
    this.bodyChunk = grown(this.bodyChunk, new Uint32Array(capacity));
    this.bodyOffset = grown(this.bodyOffset, new Uint16Array(capacity));
    this.receiveCount = grown(this.receiveCount, new Uint32Array(capacity));
    if (this.lease.length > 0) this.lease = grown(this.lease, new Float64Array(capacity));
    this.phase = grown(this.phase, new Uint8Array(capacity));
    this.priority = grown(this.priority, new Uint8Array(capacity));
    this.next = grown(this.next, new Int32Array(capacity));
    this.place = grown(this.place, new Int32Array(capacity));
    this.#capacity = capacity;
  }

  #reset(): void {
    this.#capacity = 0;
    this.#virgin = 0;
    this.#freed = -1;
    this.sequence = new Float64Array(0);
    this.enqueuedAtMs = new Float64Array(0);
    this.bodyPosition = new Float64Array(0);
    this.bodyBytes = new Uint32Array(0);
    this.bodyChunk = new Uint32Array(0);
    this.bodyOffset = new Uint16Array(0);
    this.receiveCount = new Uint32Array(0);
    this.lease = new Float64Array(0);
    this.phase = new Uint8Array(0);
    this.priority = new Uint8Array(0);
    this.next = new Int32Array(0);
    this.place = new Int32Array(0);
    this.attributes = [];
  }
}
