/** A message of the model, and what it is sent with. */
import type { MessageOptions } from "../../src/queue/index.ts";

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
