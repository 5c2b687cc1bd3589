/**
 * Time has passed: leases that ran out and delays that are over. That is a command like any other and its outcome is journalled, so
 * that the state is a fold of its records and nothing depends on when a timer happened to fire.
 */
import { movesPerCommandMax } from "../limits.ts";
import type { Now } from "../now.ts";
import type { QueueRecord } from "../records.ts";
import { Phase } from "../slots.ts";
import type { QueueState } from "../state.ts";
import type { Decided, OwnedRecord, QueueDirectory } from "./decision.ts";
import { deadLetterQueue, isSpent, moveRecords } from "./move.ts";

/** How many messages came back into the line or went to the dead-letter queue. */
export interface FellDue {
  readonly readied: number;
  readonly returned: number;
  readonly moved: number;
}

/** Handles at most `movesPerCommandMax` messages, the earliest first: call again while `nextDueMs` is not in the future. */
export function decideDue(
  state: QueueState,
  now: Now,
  directory: QueueDirectory,
): Decided<QueueRecord, FellDue> {
  const target = deadLetterQueue(state, directory);
  const readied: number[] = [];
  const returned: number[] = [];
  const spent: number[] = [];
  const due = state.deadlines.walk();
  for (let count = 0; count < movesPerCommandMax && due.key <= now.monotonicMs; count++) {
    const slot = due.next();
    const sequence = state.messages.sequence[slot] as number;
    if (state.messages.phase[slot] === Phase.delayed) readied.push(sequence);
    else if (target !== undefined && isSpent(state, slot)) spent.push(slot);
    else returned.push(sequence);
  }
  const owner = state.number;
  const records: OwnedRecord<QueueRecord>[] = [];
  if (readied.length > 0) records.push({ owner, record: { kind: "readied", sequences: readied } });
  if (returned.length > 0) {
    const readyAtWallMs = now.wallMs;
    const record = {
      kind: "returned",
      sequences: returned,
      counts: true,
      readyAtWallMs,
      delayMs: 0,
    } as const;
    records.push({ owner, record });
  }
  if (target !== undefined && spent.length > 0) {
    records.push(...moveRecords(state, spent, target, "max-receives", now));
  }
  const reply = { readied: readied.length, returned: returned.length, moved: spent.length };
  return { ok: true, records, reply };
}
