/**
 * Due: what time alone brings about. Delays are over, leases have ended, times to live have passed, deduplication ids are forgotten, a redrive
 * takes its next step.
 */
import { movesPerCommandMax } from "../limits.ts";
import type { Now } from "../now.ts";
import type { QueueRecord } from "../records.ts";
import { Phase } from "../slots.ts";
import { isExpired, type QueueState } from "../state.ts";
import { deadLetterQueue, goneRecords, receiveCountMax } from "./dead-letter.ts";
import type { Decided, OwnedRecord, QueueDirectory } from "./decision.ts";
import { redriveStep } from "./redrive-step.ts";
import { retryDelayMs } from "./retry.ts";

/** How many messages came back into the line, went as dead letters, or went for good because their time to live had passed. */
export interface FellDue {
  readonly readied: number;
  readonly returned: number;
  readonly deadLettered: number;
  readonly expired: number;
}

/** Handles at most `movesPerCommandMax` messages, the earliest first: call again while `nextDueMs` is not in the future. */
export function decideDue(
  state: QueueState,
  now: Now,
  directory: QueueDirectory,
): Decided<QueueRecord, FellDue> {
  const { sequence: sequences, receiveCount, phase } = state.messages;
  const target = deadLetterQueue(state, directory);
  const spentAt = receiveCountMax(state, target);
  const readied: number[] = [];
  const returned: number[] = [];
  const spent: number[] = [];
  const expired: number[] = [];
  const expiring = state.expiries.walk();
  while (expired.length < movesPerCommandMax && expiring.key <= now.monotonicMs)
    expired.push(expiring.next());
  const due = state.deadlines.walk();
  for (let count = 0; count < movesPerCommandMax && due.key <= now.monotonicMs; count++) {
    const slot = due.next();
    if (phase[slot] === Phase.delayed) {
      // It goes as one that is expired, now or with the next command.
      if (!isExpired(state, slot, now.monotonicMs)) readied.push(sequences[slot] as number);
    } else if ((receiveCount[slot] as number) >= spentAt) spent.push(slot);
    else returned.push(slot);
  }

  const owner = state.number;
  const records: OwnedRecord<QueueRecord>[] = [...goneRecords(state, { expired, spent, target }, now)];
  if (readied.length > 0) records.push({ owner, record: { kind: "readied", sequences: readied } });
  if (returned.length > 0) records.push({ owner, record: givenBack(state, returned, now) });
  records.push(...forget(state, now));
  if (records.length === 0) records.push(...redriveStep(state, now, directory));
  const reply = {
    readied: readied.length,
    returned: returned.length,
    deadLettered: expired.length > 0 ? 0 : spent.length,
    expired: expired.length,
  };
  return { ok: true, records, reply };
}

/** Their leases have ended: they wait as the retry policy has it. */
function givenBack(state: QueueState, slots: readonly number[], now: Now): QueueRecord {
  const { sequence: sequences, receiveCount } = state.messages;
  const atWallMs = now.wallMs;
  const { retry } = state.settings;
  if (retry.minDelayMs === 0) {
    const given = slots.map((slot) => sequences[slot] as number);
    return { kind: "returned", sequences: given, counts: true, readyAtWallMs: atWallMs, delayMs: 0 };
  }
  const entries = slots.map((slot) => {
    const sequence = sequences[slot] as number;
    return { sequence, delayMs: retryDelayMs(retry, sequence, receiveCount[slot] as number) };
  });
  return { kind: "retried", atWallMs, entries, lastError: "" };
}

/** Ids that have been remembered long enough. */
function forget(state: QueueState, now: Now): readonly OwnedRecord<QueueRecord>[] {
  const { oldestMs } = state.deduplication;
  const { deduplicationWindowMs } = state.settings;
  if (oldestMs === undefined || oldestMs + deduplicationWindowMs * 1.1 > now.monotonicMs) return [];
  const throughSequence = state.deduplication.lastBefore(now.monotonicMs - deduplicationWindowMs);
  if (throughSequence === undefined) return [];
  return [{ owner: state.number, record: { kind: "forgotten", throughSequence } }];
}
