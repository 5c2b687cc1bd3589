/** Bounds (Q17): what does not fit is refused, or the oldest messages that wait make room for it. */
import type { MessageSequence } from "../message.ts";
import { type QueueRefusal, type Refused, refuse } from "../refusals.ts";
import type { QueueState } from "../state.ts";

/** The messages that have to go, or `queue-full`. */
export function roomFor(
  state: QueueState,
  messageCount: number,
  bodyBytes: number,
): readonly MessageSequence[] | Refused<QueueRefusal> {
  const { messageCountMax, bodyBytesMax, overflow } = state.settings;
  let excessCount = state.messages.used + messageCount - messageCountMax;
  let excessBytes = state.bodyBytes + bodyBytes - bodyBytesMax;
  const doomed: MessageSequence[] = [];
  if (excessCount <= 0 && excessBytes <= 0) return doomed;
  const fitsAlone = messageCount <= messageCountMax && bodyBytes <= bodyBytesMax;
  if (overflow === "drop-oldest" && fitsAlone) {
    const { sequence, bodyBytes: bytesOf } = state.messages;
    for (const slot of waiting(state)) {
      doomed.push(sequence[slot] as number);
      excessCount -= 1;
      excessBytes -= bytesOf[slot] as number;
      if (excessCount <= 0 && excessBytes <= 0) return doomed;
    }
  }
  if (excessCount > 0) {
    return refuse(
      "queue-full",
      `The queue holds ${state.messages.used} messages and takes ${messageCountMax} at most; ${messageCount} more do not fit.`,
    );
  }
  return refuse(
    "queue-full",
    `The queue holds ${state.bodyBytes} body bytes and takes ${bodyBytesMax} at most; ${bodyBytes} more do not fit.`,
  );
}

/**
 * Messages that can make room: those that wait to be received, the least urgent first and the oldest of them first, each with those that
 * wait behind it. What is in flight, delayed or parked stays.
 */
function* waiting({ lanes, groups }: QueueState): Generator<number> {
  for (const lane of lanes) {
    if (lane === undefined) continue;
    const returned = lane.returned.walk();
    for (let slot = returned.next(); slot >= 0; slot = returned.next()) yield slot;
    for (let slot = lane.fresh.head; slot >= 0; slot = lane.fresh.after(slot)) yield slot;
  }
  for (const { behind } of groups) {
    for (let slot = behind.head; slot >= 0; slot = behind.after(slot)) yield slot;
  }
}
