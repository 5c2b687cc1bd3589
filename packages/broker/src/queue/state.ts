/** What a queue is at one moment. Everybody may read it; only `apply` changes it. */
import { DeduplicationWindow } from "./deduplication.ts";
import { Expiries } from "./expiries.ts";
import { InFlightOrder } from "./in-flight-order.ts";
import { Lane } from "./lane.ts";
import {
  type Body,
  type BodyPosition,
  type Delivery,
  type MessageSequence,
  noAttributes,
} from "./message.ts";
import { MessageGroups } from "./message-groups.ts";
import { Redrives } from "./redrive-task.ts";
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
  /** Whether delivery is paused. */
  paused = false;

  readonly messages = new MessageSlots();
  readonly index = new SequenceIndex(this.messages);
  /** The ready messages by priority. A lane is made by the first message that needs it. */
  readonly lanes: (Lane | undefined)[] = [new Lane(this.messages)];
  readonly groups = new MessageGroups(this.messages);
  /** Messages in flight or delayed, by the monotonic instant in milliseconds at which that ends. */
  readonly deadlines = new SlotHeap(this.messages);
  readonly expiries = new Expiries(this.messages);
  /** Parked messages, in the order in which they were. */
  readonly parked = new SlotList(this.messages);
  readonly inFlightOrder = new InFlightOrder(this.messages);
  readonly deduplication = new DeduplicationWindow();
  readonly redrives = new Redrives();
  /** The rate limit: by the monotonic clock, when the starts so far would be over if they were spread evenly. */
  startsUntilMs = Number.NEGATIVE_INFINITY;

  /** The last place that was given at the end of the line to a message that had been away. */
  endPlace = 0;

  inFlightCount = 0;
  bodyBytes = 0;

  /** Records that spoke of messages which are not there, or not as the record says: 0 unless the journal was damaged. */
  orphanRecords = 0;
  /** Positions of bodies that no message has any more, until `takeDeadBodies` takes them. */
  deadBodies: BodyPosition[] = [];

  constructor(number: number) {
    this.number = number;
  }
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

/** Whether anybody ever had the message in `slot`, counted or not. */
export function wasReceived({ messages }: QueueState, slot: number): boolean {
  return (messages.receiveCount[slot] as number) > 0 || (messages.lease[slot] ?? 0) > 0;
}

/** Whether the time to live of the message in `slot` has passed at `monotonicMs`. */
export function isExpired({ messages }: QueueState, slot: number, monotonicMs: number): boolean {
  if (messages.rare.size === 0) return false;
  return (messages.rare.get(slot)?.expiresAtMs ?? Number.POSITIVE_INFINITY) <= monotonicMs;
}

/** The body as far as it is in memory. */
export function bodyOf({ bodies, bodyBytes }: MessageSlots, slot: number): Body {
  return bodies.view(slot) ?? { byteLength: bodyBytes[slot] as number };
}

/** The message in `slot` as its consumer sees it when `lease` begins. */
export function deliveryOf(state: QueueState, slot: number, lease: number): Delivery {
  const messages = state.messages;
  return {
    sequence: messages.sequence[slot] as number,
    lease,
    receiveCount: (messages.receiveCount[slot] as number) + 1,
    body: bodyOf(messages, slot),
    bodyPosition: messages.bodyPosition[slot] as number,
    attributes: messages.attributes[slot] ?? noAttributes,
    enqueuedAtMs: messages.enqueuedAtMs[slot] as number,
    provenance: messages.provenance.size === 0 ? undefined : messages.provenance.get(slot),
    groupId: state.groups.of(slot)?.id,
    priority: messages.priority[slot] as number,
  };
}
