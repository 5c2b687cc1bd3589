/** How much a queue holds (Q19), and when it has something to do by itself. Costs nothing to ask, whatever it holds. */
import type { Now } from "./now.ts";
import type { QueueState } from "./state.ts";

/** How many messages a queue holds, by what they do, and how many bytes their bodies have. */
export interface QueueCounts {
  /** Waiting to be received; also those that wait behind another one of their group. */
  readonly ready: number;
  readonly delayed: number;
  readonly inFlight: number;
  readonly parked: number;
  readonly bodyBytes: number;
}

export function queueCounts(state: QueueState): QueueCounts {
  let ready = state.groups.behindCount;
  for (const lane of state.lanes) ready += lane?.size ?? 0;
  return {
    ready,
    delayed: state.deadlines.size - state.inFlightCount,
    inFlight: state.inFlightCount,
    parked: state.parked.size,
    bodyBytes: state.bodyBytes,
  };
}

/** Ages in milliseconds; undefined where there is no such message. */
export interface QueueAges {
  /** How long the message that is next in its lane has been waiting, over all lanes. */
  readonly oldestReadyMs: number | undefined;
  /** How long the oldest delivery has been under way. */
  readonly oldestInFlightMs: number | undefined;
  /** How long the message that was parked first has been so. */
  readonly oldestParkedMs: number | undefined;
}

export function queueAges(state: QueueState, { wallMs }: Now): QueueAges {
  let sinceMs: number | undefined;
  for (const lane of state.lanes) {
    const head = lane?.head(state.messages) ?? -1;
    if (head >= 0) sinceMs = Math.min(sinceMs ?? Number.POSITIVE_INFINITY, waitingSinceMs(state, head));
  }
  const parkedAtMs = state.messages.rare.get(state.parked.head)?.parkedAtWallMs;
  const age = (fromMs: number | undefined) =>
    fromMs === undefined ? undefined : Math.max(0, wallMs - fromMs);
  return {
    oldestReadyMs: age(sinceMs),
    oldestInFlightMs: age(state.inFlightOrder.oldestWallMs()),
    oldestParkedMs: age(parkedAtMs),
  };
}

/** Since when the message in `slot` could have been received, by the wall clock, however often it has been. */
export function waitingSinceMs({ messages }: QueueState, slot: number): number {
  const available = messages.rare.size === 0 ? 0 : (messages.rare.get(slot)?.availableAtWallMs ?? 0);
  return available > 0 ? available : (messages.enqueuedAtMs[slot] as number);
}

/** The monotonic instant in milliseconds at which `decideDue` has something to do; undefined when nothing waits for time to pass. */
export function nextDueMs(state: QueueState): number | undefined {
  const oldestMs = state.deduplication.oldestMs;
  const { deduplicationWindowMs } = state.settings;
  const first = Math.min(
    state.deadlines.firstKey ?? Number.POSITIVE_INFINITY,
    state.expiries.firstMs ?? Number.POSITIVE_INFINITY,
    state.redrives.dueMs ?? Number.POSITIVE_INFINITY,
    // Ids are forgotten together, a tenth of the window late: nobody finds them any more, they only take memory.
    oldestMs === undefined ? Number.POSITIVE_INFINITY : oldestMs + deduplicationWindowMs * 1.1,
  );
  return first === Number.POSITIVE_INFINITY ? undefined : first;
}
