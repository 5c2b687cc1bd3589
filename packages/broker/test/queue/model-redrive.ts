/** Redrives of the model (Q12): what of a queue goes where, in which steps. */
import type { Now } from "../../src/queue/index.ts";
import type { ModelQueue } from "./model.ts";
import type { ModelMessage } from "./model-message.ts";
import { lineOf } from "./model-order.ts";

export interface ModelRedrive {
  readonly task: number;
  readonly to: number | undefined;
  readonly perSecondMax: number;
  readonly beforeSequence: number;
  readonly total: number;
  moved: number;
  readonly startedAtWallMs: number;
  endedAtWallMs: number;
  status: "running" | "done" | "cancelled";
  dueMs: number;
}

const isDeadLetter = ({ parked, moved }: ModelMessage): boolean =>
  parked !== undefined || (moved !== undefined && moved.reason !== "redrive");

/** Where the message goes; undefined when it stays. */
function targetOf(queue: ModelQueue, message: ModelMessage, to: number | undefined): ModelQueue | undefined {
  const number = to ?? (message.parked === undefined ? message.moved?.from : queue.number);
  if (number === queue.number && message.parked === undefined) return undefined;
  return number === undefined ? undefined : queue.other(number);
}

const isFull = (queue: ModelQueue, more: number): boolean =>
  queue.messages.length + more >= queue.settings.messageCountMax;

/** Parked no longer, as if it had never been received. */
function unpark(queue: ModelQueue, message: ModelMessage): void {
  queue.parked = queue.parked.filter((one) => one !== message);
  message.parked = undefined;
  message.receiveCount = 0;
  const group = message.groupId === undefined ? [message] : queue.group(message.groupId);
  if (!group.includes(message)) group.push(message);
  if (group[0] === message) queue.becomeReady(message);
  else {
    message.phase = "behind";
    message.dueMs = 0;
  }
}

function move(from: ModelQueue, to: ModelQueue, messages: readonly ModelMessage[], now: Now): void {
  if (to !== from) to.take(from, messages, "redrive", now);
  else for (const message of messages) unpark(from, message);
}

export function startRedrive(
  queue: ModelQueue,
  { to, perSecondMax }: { readonly to: number | undefined; readonly perSecondMax: number },
  now: Now,
): string | undefined {
  if (queue.running !== undefined) return "redrive-running";
  if (to !== undefined && queue.other(to) === undefined) return "unknown-queue";
  const facts = { to, perSecondMax, beforeSequence: queue.nextSequence, moved: 0 };
  const task = (queue.redrives.at(-1)?.task ?? 0) + 1;
  const total = queue.messages.filter(isDeadLetter).length;
  const [startedAtWallMs, dueMs] = [now.wallMs, now.monotonicMs];
  const redrive = {
    ...facts,
    task,
    total,
    startedAtWallMs,
    endedAtWallMs: 0,
    status: "running",
    dueMs,
  } as const;
  queue.redrives = [...queue.redrives, { ...redrive }].slice(-10);
  return undefined;
}

export function cancelRedrive(queue: ModelQueue, task: number, now: Now): string | undefined {
  const { running } = queue;
  if (running?.task !== task) return "unknown-redrive";
  running.status = "cancelled";
  running.endedAtWallMs = now.wallMs;
  return undefined;
}

export function redriveOne(
  queue: ModelQueue,
  { sequence, to }: { readonly sequence: number; readonly to: number | undefined },
  now: Now,
): string | undefined {
  const message = queue.find(sequence);
  if (message === undefined || !isDeadLetter(message)) return "unknown-message";
  if (message.phase === "in-flight") return "message-in-flight";
  const target = targetOf(queue, message, to);
  if (target === undefined) return "unknown-queue";
  if (target !== queue && isFull(target, 0)) return "queue-full";
  move(queue, target, [message], now);
  return undefined;
}

/** Moves as many as the rate gives for a tenth of a second: those that are parked, then those in the line. */
export function redriveStep(queue: ModelQueue, now: Now): void {
  const { running } = queue;
  if (running === undefined || running.dueMs > now.monotonicMs) return;
  const { to, perSecondMax, beforeSequence } = running;
  const most = Math.min(1000, Math.max(1, Math.floor(perSecondMax / 10)));
  const inLine = lineOf(queue, now).filter(isDeadLetter);
  const candidates = [...queue.parked, ...inLine].filter(({ sequence }) => sequence < beforeSequence);
  const moves = new Map<ModelQueue, ModelMessage[]>();
  let [count, wasFull] = [0, false];
  for (const message of candidates) {
    if (count === most) break;
    const target = targetOf(queue, message, to);
    if (target === undefined) continue;
    const planned = moves.get(target) ?? [];
    if (target !== queue && isFull(target, planned.length)) wasFull = true;
    else {
      moves.set(target, [...planned, message]);
      count++;
    }
  }
  if (count === 0 && !wasFull) {
    running.status = "done";
    running.endedAtWallMs = now.wallMs;
    return;
  }
  for (const [target, messages] of moves) move(queue, target, messages, now);
  running.moved += count;
  running.dueMs = now.monotonicMs + (count === 0 ? 1000 : (count * 1000) / perSecondMax);
}
