/** Redrive (Q12): dead letters go back, all of them as a task that can be watched and cancelled, or one at once. */
import type { Done, RedriveOne, StartRedrive } from "../commands.ts";
import type { Now } from "../now.ts";
import type { QueueRecord } from "../records.ts";
import type { RedriveFacts } from "../redrive-task.ts";
import { refuse } from "../refusals.ts";
import { Phase } from "../slots.ts";
import type { QueueState } from "../state.ts";
import type { OwnedRecord, QueueDecision, QueueDirectory } from "./decision.ts";
import { isDeadLetter, RedrivePlan } from "./redrive-step.ts";

const owned = (state: QueueState, record: QueueRecord): readonly OwnedRecord<QueueRecord>[] => [
  { owner: state.number, record },
];

/**
 * Takes what is there now; what comes in later is not moved. Refused as `redrive-running` while another one runs, as `unknown-queue` when the
 * target is not there, as `invalid-setting` for a rate or a target that cannot be.
 */
export function decideStartRedrive(
  state: QueueState,
  { to, perSecondMax }: StartRedrive,
  now: Now,
  directory: QueueDirectory,
): QueueDecision<RedriveFacts> {
  const { running, nextTask } = state.redrives;
  if (running !== undefined) {
    return refuse(
      "redrive-running",
      `Redrive ${running.task} of this queue is still running; cancel it first.`,
    );
  }
  if (!(perSecondMax > 0)) {
    return refuse("invalid-setting", `perSecondMax is ${perSecondMax}; it may be more than 0.`);
  }
  if (to !== undefined && directory.queue(to) === undefined) {
    return refuse("unknown-queue", "There is no such queue to redrive to.");
  }
  const task: RedriveFacts = {
    task: nextTask,
    to,
    perSecondMax,
    beforeSequence: state.nextSequence,
    total: countDeadLetters(state),
    moved: 0,
    startedAtWallMs: now.wallMs,
    endedAtWallMs: 0,
    status: "running",
  };
  return { ok: true, records: owned(state, { kind: "redrive-started", task }), reply: task };
}

/** What was moved stays moved. Refused as `unknown-redrive` when that one does not run. */
export function decideCancelRedrive(state: QueueState, task: number, now: Now): QueueDecision<Done> {
  if (state.redrives.running?.task !== task) {
    return refuse("unknown-redrive", `Redrive ${task} of this queue does not run.`);
  }
  const record = { kind: "redrive-ended", status: "cancelled", atWallMs: now.wallMs } as const;
  return { ok: true, records: owned(state, record), reply: { done: true } };
}

/** Refused as `unknown-message` when it is no dead letter of this queue, `message-in-flight`, `unknown-queue` or `queue-full`. */
export function decideRedriveOne(
  state: QueueState,
  { sequence, to }: RedriveOne,
  now: Now,
  directory: QueueDirectory,
): QueueDecision<Done> {
  const slot = state.index.find(sequence);
  const phase = slot < 0 ? undefined : state.messages.phase[slot];
  if (phase === undefined || (phase !== Phase.parked && !isDeadLetter(state, slot))) {
    return refuse("unknown-message", "This queue has no such dead letter.");
  }
  if (phase === Phase.inFlight) return refuse("message-in-flight", "A consumer has the message.");
  const plan = new RedrivePlan(state, directory, to);
  const added = plan.add(slot);
  if (added === "missing") return refuse("unknown-queue", "The queue that it is to go to is not there.");
  if (added === "full") return refuse("queue-full", "The queue that it is to go to is full.");
  return { ok: true, records: plan.records(now), reply: { done: true } };
}

/** Looks at every message once, when a redrive begins. */
function countDeadLetters(state: QueueState): number {
  let count = 0;
  for (const slot of state.messages) {
    if (state.messages.phase[slot] === Phase.parked || isDeadLetter(state, slot)) count++;
  }
  return count;
}
