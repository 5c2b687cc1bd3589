/** What a queue is at one moment. Everybody may read it; only `apply` changes it. */
import { type BodyPosition, type Delivery, type MessageSequence, noAttributes } from "./message.ts";
import { SequenceIndex } from "./sequence-index.ts";
import { defaultQueueSettings, type QueueSettings } from "./settings.ts";
import { SlotHeap } from "./slot-heap.ts";
import { SlotList } from "./slot-list.ts";
import { MessageSlots, Phase } from "./slots.ts";

export class QueueState {
  /** The number of the queue in the catalog: the owner of its records. */
  readonly number: number;
  settings: QueueSettings = defaultQueueSettings;
  nextSequence: MessageSequence = 1;
  nextLease = 1;

  readonly messages = new MessageSlots();
  readonly index = new SequenceIndex(this.messages);
  /** Ready messages that never left the line: they came in the order of their sequences. */
  readonly fresh = new SlotList(this.messages);
  /** Ready messages that have been away, by sequence: they take their old places again. */
  readonly returned = new SlotHeap(this.messages);
  /** Messages in flight or delayed, by the monotonic instant in milliseconds at which they become ready. */
  readonly deadlines = new SlotHeap(this.messages);

  inFlightCount = 0;
  bodyBytes = 0;
  /** Of them, those whose bodies are in memory and not in the journal alone. */
  residentBytes = 0;

  /** Records that spoke of messages which are not there, or not as the record says: 0 unless the journal was damaged. */
  orphanRecords = 0;
  /** Positions of bodies that no message has any more, until `takeDeadBodies` takes them. */
  deadBodies: BodyPosition[] = [];

  constructor(number: number) {
    this.number = number;
  }
}

/** How many messages a queue holds, by what they do, and how many bytes their bodies have. Costs nothing to ask. */
export interface QueueCounts {
  readonly ready: number;
  readonly delayed: number;
  readonly inFlight: number;
  readonly bodyBytes: number;
}

export function queueCounts(state: QueueState): QueueCounts {
  return {
    ready: state.fresh.size + state.returned.size,
    delayed: state.deadlines.size - state.inFlightCount,
    inFlight: state.inFlightCount,
    bodyBytes: state.bodyBytes,
  };
}

/** The monotonic instant in milliseconds at which `decideDue` has something to do; undefined when nothing waits for time to pass. */
export function nextDueMs(state: QueueState): number | undefined {
  return state.deadlines.firstKey;
}

/**
 * Positions of bodies that died since the last call. The journal may forget them once the append that made them die has settled, not
 * before: if that append is lost, recovery needs them.
 */
export function takeDeadBodies(state: QueueState): readonly BodyPosition[] {
  if (state.deadBodies.length === 0) return [];
  const dead = state.deadBodies;
  state.deadBodies = [];
  return dead;
}

/** Where the body of a message lies now; undefined when the message is not there. */
export function bodyPositionOf(state: QueueState, sequence: MessageSequence): BodyPosition | undefined {
  const slot = state.index.find(sequence);
  return slot < 0 ? undefined : state.messages.bodyPosition[slot];
}

/** Whether the lease of the message in `slot` still holds at `monotonicMs`: from that instant on, its receipt is stale. */
export function leaseHolds(state: QueueState, slot: number, monotonicMs: number): boolean {
  return state.messages.phase[slot] === Phase.inFlight && state.deadlines.keyOf(slot) > monotonicMs;
}

/** The message in `slot` as its consumer sees it when `lease` begins. */
export function deliveryOf(state: QueueState, slot: number, lease: number): Delivery {
  const messages = state.messages;
  return {
    sequence: messages.sequence[slot] as number,
    lease,
    receiveCount: (messages.receiveCount[slot] as number) + 1,
    body: messages.body[slot] ?? { byteLength: messages.bodyBytes[slot] as number },
    bodyPosition: messages.bodyPosition[slot] as number,
    attributes: messages.attributes[slot] ?? noAttributes,
    enqueuedAtMs: messages.enqueuedAtMs[slot] as number,
    provenance: messages.provenance.size === 0 ? undefined : messages.provenance.get(slot),
  };
}

/** Reads the ready messages in the order in which they will be received. The state must not change meanwhile. */
export class ReadyWalk {
  readonly #state: QueueState;
  readonly #returned: ReturnType<SlotHeap["walk"]> | undefined;
  #fresh: number;

  constructor(state: QueueState) {
    this.#state = state;
    this.#fresh = state.fresh.head;
    this.#returned = state.returned.size === 0 ? undefined : state.returned.walk();
  }

  /** The next slot, or -1 at the end. */
  next(): number {
    const fresh = this.#fresh;
    const returned = this.#returned;
    if (returned !== undefined) {
      const freshSequence =
        fresh < 0 ? Number.POSITIVE_INFINITY : (this.#state.messages.sequence[fresh] as number);
      if (returned.key < freshSequence) return returned.next();
    }
    if (fresh >= 0) this.#fresh = this.#state.fresh.after(fresh);
    return fresh;
  }
}
