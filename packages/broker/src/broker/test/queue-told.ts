/** What a broker says of messages, and what the model of queues would say in its place. */
import type { BrowsedMessage, MovedFrom, Result } from "@sluice/broker";
import type { ModelQueue } from "../../../test/queue/model.ts";
import type { ModelMessage } from "../../../test/queue/model-message.ts";
import { lineOf } from "../../../test/queue/model-order.ts";
import { dead, grave, jobs } from "../../../test/queue/random-commands.ts";
import type { Now } from "../../queue/index.ts";

/** The name of a queue by its number. Nobody makes the queue "nowhere". */
export const nameOf = (number: number): string => names.get(number) ?? "nowhere";
const names = new Map([
  [jobs, "jobs"],
  [dead, "dead"],
  [grave, "grave"],
]);

/** What is known of a message since it was sent, by its origin in the words of the model. */
export interface Sent {
  readonly messageId: string;
  readonly atMs: number;
}
export type SentByOrigin = ReadonlyMap<string, Sent>;

interface Common {
  readonly messageId: string;
  readonly body: Uint8Array;
  readonly receiveCount: number;
  readonly enqueuedAtMs: number;
  readonly priority: number;
  readonly groupId: string | undefined;
  readonly movedFrom: MovedFrom | undefined;
}

/** What deliveries and browsed messages have in common. */
export const commonOf = ({
  messageId,
  body,
  receiveCount,
  enqueuedAtMs,
  priority,
  groupId,
  movedFrom,
}: Common) => ({
  messageId,
  body: Buffer.from(body).toString(),
  receiveCount,
  enqueuedAtMs,
  priority,
  groupId,
  movedFrom,
});

export function expectedCommon(message: ModelMessage, sent: SentByOrigin) {
  const { body, receiveCount, priority, groupId, origin, moved } = message;
  const known = sent.get(origin);
  return commonOf({
    messageId: known?.messageId ?? "never sent",
    body,
    receiveCount,
    enqueuedAtMs: known?.atMs ?? 0,
    priority,
    groupId,
    movedFrom: moved && {
      reason: moved.reason,
      queue: nameOf(moved.from),
      originQueue: nameOf(Number(origin.split("/")[0])),
      receiveCount: moved.receiveCount,
      movedAtMs: message.enqueuedAtMs,
      lastError: moved.lastError,
    },
  });
}

/** A browsed message, without its cursor. How long something has been due does not matter. */
export const browsedOf = (message: BrowsedMessage, { wallMs }: Now) => ({
  ...commonOf(message),
  state: message.state,
  dueAtMs: message.dueAtMs && Math.max(wallMs, message.dueAtMs),
  expiresAtMs: message.expiresAtMs && Math.max(wallMs, message.expiresAtMs),
  lastError: message.lastError,
  parked: message.parked,
});

export function expectedBrowsed(message: ModelMessage, sent: SentByOrigin, { wallMs, monotonicMs }: Now) {
  const { phase, dueMs, expiresAtMs, lastError, parked } = message;
  const waits = phase === "delayed" || phase === "in-flight" || (phase === "behind" && dueMs > 0);
  const wall = (atMs: number) => wallMs + Math.max(0, atMs - monotonicMs);
  return {
    ...expectedCommon(message, sent),
    state: phase === "behind" ? ("blocked" as const) : phase,
    dueAtMs: waits ? wall(dueMs) : undefined,
    expiresAtMs: expiresAtMs < Number.POSITIVE_INFINITY ? wall(expiresAtMs) : undefined,
    lastError,
    parked: parked && { reason: parked.reason, atMs: parked.atWallMs },
  };
}

/** Counts and ages (Q19). */
export function expectedCounts(model: ModelQueue, now: Now) {
  const count = (...phases: ModelMessage["phase"][]) =>
    model.messages.filter(({ phase }) => phases.includes(phase)).length;
  const line = lineOf(model, now);
  // Of each priority the first: a lane may hold older ones behind it.
  const heads = line.filter((one, i) => line.findIndex(({ priority }) => priority === one.priority) === i);
  const sinceMs = Math.min(...heads.map(({ availableAtMs }) => availableAtMs));
  const parkedAtMs = model.parked[0]?.parked?.atWallMs;
  return {
    ready: count("ready", "behind"),
    delayed: count("delayed"),
    inFlight: count("in-flight"),
    parked: count("parked"),
    bodyBytes: model.messages.reduce((sum, { body }) => sum + body.length, 0),
    oldestReadyMs: heads.length === 0 ? undefined : Math.max(0, now.wallMs - sinceMs),
    oldestParkedMs: parkedAtMs === undefined ? undefined : now.wallMs - parkedAtMs,
    paused: model.paused,
  };
}

export const expectedRedrives = ({ redrives }: ModelQueue) =>
  redrives.map(({ task, to, perSecondMax, status, total, moved, startedAtWallMs, endedAtWallMs }) => ({
    redrive: task,
    to: to === undefined ? undefined : nameOf(to),
    perSecondMax: perSecondMax === Number.POSITIVE_INFINITY ? undefined : perSecondMax,
    status,
    total,
    moved,
    startedAtMs: startedAtWallMs,
    endedAtMs: status === "running" ? undefined : endedAtWallMs,
  }));

/** Of the whole, or of the only entry of a batch. */
export function refusalOf(result: Result<object>): string | undefined {
  if (!result.ok) return result.refusal;
  const { refusals } = result as { readonly refusals?: ReadonlyMap<number, { readonly refusal: string }> };
  return refusals?.get(0)?.refusal;
}
