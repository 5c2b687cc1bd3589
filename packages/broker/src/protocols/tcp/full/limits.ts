/** What one connection of the full protocol may cost; what all of them may together stands in ../limits.ts. docs/protocol.md has the same table, with the reasons. */
import { answerCountMax, entryCountMax, fullFrameBytesMax, type WireLimits } from "@sluice/protocol/full";

export interface FullLimits {
  /** How long a client may take to say hello after its role, in milliseconds. */
  readonly helloTimeoutMs: number;
  /** Heartbeat interval when the client does not ask for one, and the bounds of what it may ask for, in milliseconds. */
  readonly heartbeatMs: number;
  readonly heartbeatMsMin: number;
  readonly heartbeatMsMax: number;
  /** How long a frame may take from its first byte to its last, and written bytes may wait for the socket, in milliseconds. */
  readonly stallMs: number;
  /** Requests that are being answered; above it the socket is not read. Requests that wait for messages are counted apart. */
  readonly requestCountMax: number;
  /** Bytes of requests that are being answered; above it the socket is not read. */
  readonly requestBytesMax: number;
  /** Receives and fetches under way, and the bytes that they may answer with together; one more is refused. */
  readonly readCountMax: number;
  readonly readBytesMax: number;
  /** Subscriptions and memberships. */
  readonly subscriptionCountMax: number;
  /** Credit that one subscription can have; more is cut to it. */
  readonly creditMax: number;
  /** Deliveries that are tracked, to go back when the connection ends. The oldest beyond it go back by their visibility timeout alone. */
  readonly heldCountMax: number;
  /** Bytes waiting to be sent above which nothing is pushed. */
  readonly pushBytes: number;
  /** Messages and body bytes of one push. */
  readonly pushCountMax: number;
  readonly pushBytesMax: number;
  /** Bytes waiting to be sent above which requests are not read. */
  readonly outgoingBytesMax: number;
  /** Records that a live subscriber may ask to have buffered. */
  readonly bufferCountMax: number;
  /** Live subscribers of a topic. */
  readonly subscriberCountMax: number;
  /** Said in `goaway`: when a client may come back, in milliseconds. */
  readonly reconnectAfterMs: number;
}

const mebi = 1024 * 1024;

export const defaultFullLimits: FullLimits = {
  helloTimeoutMs: 10_000,
  heartbeatMs: 10_000,
  heartbeatMsMin: 1_000,
  heartbeatMsMax: 60_000,
  stallMs: 60_000,
  requestCountMax: 4_096,
  requestBytesMax: 8 * mebi,
  readCountMax: 1_024,
  readBytesMax: 32 * mebi,
  subscriptionCountMax: 256,
  creditMax: 65_535,
  heldCountMax: 131_072,
  pushBytes: 256 * 1024,
  pushCountMax: 1_000,
  pushBytesMax: 256 * 1024,
  outgoingBytesMax: 8 * mebi,
  bufferCountMax: 100_000,
  subscriberCountMax: 10_000,
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
