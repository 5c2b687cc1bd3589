/** One step of a redrive (Q12): some dead letters move, and the next step is due when the rate allows. */
import { movesPerCommandMax } from "../limits.ts";
import type { MessageSequence } from "../message.ts";
import type { Now } from "../now.ts";
import { ReadyWalk } from "../ready-walk.ts";
import type { QueueRecord } from "../records.ts";
import type { RedriveFacts } from "../redrive-task.ts";
import type { QueueState } from "../state.ts";
import type { OwnedRecord, QueueDirectory } from "./decision.ts";
import { moveRecords } from "./move.ts";

/** A full target is tried again after this. */
const fullRetryMs = 1000;
/** A rate is kept by steps of a tenth of a second. */
const stepsPerSecond = 10;

/** No records when no redrive runs or its next step is not due. */
export function redriveStep(
  state: QueueState,
  now: Now,
  directory: QueueDirectory,
): readonly OwnedRecord<QueueRecord>[] {
  const { running, dueMs } = state.redrives;
  if (running === undefined || dueMs === undefined || dueMs > now.monotonicMs) return [];
  const owner = state.number;
  const { perSecondMax } = running;
  const most = Math.min(movesPerCommandMax, Math.max(1, Math.floor(perSecondMax / stepsPerSecond)));
  const plan = new RedrivePlan(state, directory, running.to);
  const isLast = plan.fill(running, most, now);
  const atWallMs = now.wallMs;
  if (plan.count === 0 && isLast) {
    return [{ owner, record: { kind: "redrive-ended", status: "done", atWallMs } }];
  }
  const delayMs = plan.count === 0 ? fullRetryMs : (plan.count * 1000) / perSecondMax;
  return [
    ...plan.records(now),
    { owner, record: { kind: "redrive-advanced", moved: plan.count, atWallMs, delayMs } },
  ];
}

/** Whether the message in `slot` may be redriven: parked, or come here as a dead letter of another queue. */
export function isDeadLetter({ messages }: QueueState, slot: number): boolean {
  const reason = messages.provenance.size === 0 ? undefined : messages.provenance.get(slot)?.reason;
  return reason === "max-receives" || reason === "expired";
}

/** Which messages move where, in one append. */
export class RedrivePlan {
  readonly #from: QueueState;
  readonly #directory: QueueDirectory;
  readonly #to: number | undefined;
  /** By target; those that stay in this queue are only parked no longer. */
  readonly #slots = new Map<QueueState, number[]>();
  count = 0;

  constructor(from: QueueState, directory: QueueDirectory, to: number | undefined) {
    this.#from = from;
    this.#directory = directory;
    this.#to = to;
  }

  /** Takes up to `most` messages of the task. True when it has seen all that there are and no target was full. */
  fill({ beforeSequence }: RedriveFacts, most: number, now: Now): boolean {
    const from = this.#from;
    const { sequence } = from.messages;
    let isFull = false;
    const take = (slot: number): void => {
      if ((sequence[slot] as number) >= beforeSequence) return;
      if (this.add(slot) === "full") isFull = true;
    };
    for (let slot = from.parked.head; slot >= 0 && this.count < most; slot = from.parked.after(slot))
      take(slot);
    const ready = new ReadyWalk(from, now);
    for (let slot = ready.next(); slot >= 0 && this.count < most; slot = ready.next()) {
      if (isDeadLetter(from, slot)) take(slot);
    }
    return this.count < most && !isFull;
  }

  /** `missing`: the queue that it is to go to is not there (any more), and the message stays. */
  add(slot: number): "added" | "full" | "missing" {
    const target = this.#targetOf(slot);
    if (target === undefined) return "missing";
    const planned = this.#slots.get(target) ?? [];
    const isMove = target !== this.#from;
    if (isMove && target.messages.used + planned.length >= target.settings.messageCountMax) return "full";
    planned.push(slot);
    this.#slots.set(target, planned);
    this.count++;
    return "added";
  }

  records(now: Now): readonly OwnedRecord<QueueRecord>[] {
    const from = this.#from;
    const records: OwnedRecord<QueueRecord>[] = [];
    for (const [target, slots] of this.#slots) {
      if (target !== from) records.push(...moveRecords(from, slots, target, "redrive", now));
      else {
        const sequences = slots.map((slot): MessageSequence => from.messages.sequence[slot] as number);
        records.push({ owner: from.number, record: { kind: "unparked", sequences } });
      }
    }
    return records;
  }

  /** A parked message was given up here; a dead letter goes back to the queue that gave it up. */
  #targetOf(slot: number): QueueState | undefined {
    const from = this.#from;
    const isParked = from.messages.rare.get(slot)?.parkedReason !== undefined;
    const origin = isParked ? from.number : from.messages.provenance.get(slot)?.from;
    const number = this.#to ?? origin;
    if (number === undefined || (number === from.number && !isParked)) return undefined;
    return number === from.number ? from : this.#directory.queue(number);
  }
}
