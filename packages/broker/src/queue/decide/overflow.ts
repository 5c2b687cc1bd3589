/** Bounds (Q17): what does not fit is refused, or the oldest messages that wait make room for it. */
import type { Load } from "../commands.ts";
import { LaneWalk } from "../lane.ts";
import type { MessageSequence } from "../message.ts";
import { type QueueRefusal, type Refused, refuse } from "../refusals.ts";
import type { SlotList } from "../slot-list.ts";
import type { MessageSlots } from "../slots.ts";
import type { QueueState } from "../state.ts";

/** The messages that have to go so that others can come, or `queue-full`. `leaving` goes in any case, and is neither ready nor waits for another one. */
export function roomFor(
  state: QueueState,
  { messageCount, bodyBytes }: Load,
  leaving: Load,
): readonly MessageSequence[] | Refused<QueueRefusal> {
  const { messageCountMax, bodyBytesMax, overflow } = state.settings;
  let excessCount = state.messages.used - leaving.messageCount + messageCount - messageCountMax;
  let excessBytes = state.bodyBytes - leaving.bodyBytes + bodyBytes - bodyBytesMax;
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
 * Messages that can make room: those in the line, the least urgent first and the first in line of them first; then those that wait behind
 * another one of their group, of the heads always the oldest. What is in flight, delayed or parked stays.
 */
function* waiting({ lanes, groups, messages }: QueueState): Generator<number> {
  for (const lane of lanes) {
    if (lane === undefined) continue;
    const walk = new LaneWalk(lane, messages);
    for (let slot = walk.next(); slot >= 0; slot = walk.next()) yield slot;
  }
  if (groups.behindCount === 0) return;
  const heads: { slot: number; readonly behind: SlotList }[] = [];
  for (const { behind } of groups) if (behind.size > 0) heads.push({ slot: behind.head, behind });
  for (;;) {
    let oldest: (typeof heads)[number] | undefined;
    for (const head of heads) {
      if (head.slot < 0) continue;
      if (oldest === undefined || sequenceOf(messages, head) < sequenceOf(messages, oldest)) oldest = head;
    }
    if (oldest === undefined) return;
    yield oldest.slot;
    oldest.slot = oldest.behind.after(oldest.slot);
  }
}

const sequenceOf = ({ sequence }: MessageSlots, { slot }: { readonly slot: number }): MessageSequence =>
  sequence[slot] as number;
