/** A message of the model, and what it is sent with. */
import type { MessageOptions, Now, RetryPolicy } from "../../src/queue/index.ts";

export interface ModelMessage {
  readonly sequence: number;
  readonly body: Uint8Array;
  readonly enqueuedAtMs: number;
  readonly priority: number;
  readonly groupId: string | undefined;
  /** Name of where it was first sent, `queue/sequence`. */
  readonly origin: string;
  readonly moved: ModelMove | undefined;
  phase: "ready" | "delayed" | "in-flight" | "behind" | "parked";
  /** Where it stands among the ready messages: by the first number, then by the second. */
  place: readonly [number, number];
  /** When its delay or its lease ends; of one behind, when its delay does, if it has one. */
  dueMs: number;
  /** Since when it could be received, by the wall clock. */
  availableAtMs: number;
  timeToLiveMs: number;
  expiresAtMs: number;
  receiveCount: number;
  lease: number;
  lastError: string;
  parked: { readonly reason: "max-receives" | "expired"; readonly atWallMs: number } | undefined;
}

export interface ModelMove {
  readonly from: number;
  readonly reason: "max-receives" | "expired" | "redrive";
  readonly receiveCount: number;
  readonly lastError: string;
}

export type ModelSend = Partial<MessageOptions> & { readonly body: Uint8Array };

/** A send that was looked at and not carried out. */
export interface ModelPlan {
  /** Of each message, its own or that of the one that it repeats. */
  readonly sequences: readonly number[];
  readonly taken: readonly ModelSend[];
  /** What makes room for them. */
  readonly doomed: readonly ModelMessage[];
}

/** A message that comes into a queue; where it stands is for the queue to say. */
export function newMessage(
  queue: number,
  sequence: number,
  body: Uint8Array,
  now: Now,
  given: Pick<ModelMessage, "priority" | "groupId" | "moved"> & { readonly origin: string | undefined },
): ModelMessage {
  return {
    ...given,
    sequence,
    body,
    origin: given.origin ?? `${queue}/${sequence}`,
    enqueuedAtMs: now.wallMs,
    phase: "ready",
    place: [sequence, 0],
    dueMs: 0,
    availableAtMs: now.wallMs,
    timeToLiveMs: Number.POSITIVE_INFINITY,
    expiresAtMs: Number.POSITIVE_INFINITY,
    receiveCount: 0,
    lease: 0,
    lastError: "",
    parked: undefined,
  };
}

export const wasReceived = ({ receiveCount, lease }: ModelMessage): boolean => receiveCount > 0 || lease > 0;

/** Without jitter (Q10). */
export const retryMs = (
  { minDelayMs, maxDelayMs, factor }: RetryPolicy,
  { receiveCount }: ModelMessage,
): number => Math.min(maxDelayMs, minDelayMs * factor ** (receiveCount - 1));

/** When time alone brings something about for it. */
export function dueMsOf({ phase, dueMs, expiresAtMs }: ModelMessage): number {
  if (phase === "parked") return Number.POSITIVE_INFINITY;
  if (phase === "in-flight") return dueMs;
  return phase === "delayed" ? Math.min(dueMs, expiresAtMs) : expiresAtMs;
}

/** The clock runs on from another number. */
export function shiftTimes(message: ModelMessage, shifted: (ms: number) => number): void {
  if (message.dueMs > 0 || message.phase === "in-flight") message.dueMs = shifted(message.dueMs);
  message.expiresAtMs = shifted(message.expiresAtMs);
}
