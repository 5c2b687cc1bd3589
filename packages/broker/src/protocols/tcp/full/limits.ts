/** What one connection of the full protocol may cost; what all of them may together stands in ../limits.ts. docs/protocol.md has the same table, with the reasons. */
import { answerCountMax, entryCountMax, fullFrameBytesMax, type WireLimits } from "@sluice/protocol/full";
import { type ConnectionLimits, mebi, sharedConnectionLimits } from "../connection-limits.ts";

export interface FullLimits extends ConnectionLimits {
  /** How long a client may take to say hello after its role, in milliseconds. */
  readonly helloTimeoutMs: number;
  /** Heartbeat interval when the client does not ask for one, and the bounds of what it may ask for, in milliseconds. */
  readonly heartbeatMs: number;
  readonly heartbeatMsMin: number;
  readonly heartbeatMsMax: number;
  /** Messages and body bytes of one push. */
  readonly pushCountMax: number;
  readonly pushBytesMax: number;
  /** Said in `goaway`: when a client may come back, in milliseconds. */
  readonly reconnectAfterMs: number;
}

export const defaultFullLimits: FullLimits = {
  ...sharedConnectionLimits,
  helloTimeoutMs: 10_000,
  heartbeatMs: 10_000,
  heartbeatMsMin: 1_000,
  heartbeatMsMax: 60_000,
  requestCountMax: 4_096,
  readCountMax: 1_024,
  heldCountMax: 131_072,
  pushCountMax: 1_000,
  pushBytesMax: 256 * 1024,
  reconnectAfterMs: 1_000,
};

/** Longest body, and bodies and keys of one append: the broker's rules, said to the client in advance. */
export const bodyBytesMax = mebi;
const batchBytesMax = 4 * mebi;

/** What `welcome` tells the client. */
export const wireLimits = (limits: FullLimits): WireLimits => ({
  frameBytesMax: fullFrameBytesMax,
  bodyBytesMax,
  batchBytesMax,
  entryCountMax,
  answerCountMax,
  requestCountMax: limits.requestCountMax,
  subscriptionCountMax: limits.subscriptionCountMax,
  creditMax: limits.creditMax,
});
