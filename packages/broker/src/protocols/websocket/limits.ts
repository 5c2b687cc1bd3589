/** What WebSockets may cost. docs/protocol.md has the same table, with the reasons. */
import { frameHeaderBytes } from "@sluice/protocol";
import { fullFrameBytesMax } from "@sluice/protocol/full";
import { requestBytesMax } from "../http/limits.ts";

/** Longest message of `sluice.1` in bytes: a whole frame. Shorter ones, and parts of frames, are as good. */
export const framedMessageBytesMax = fullFrameBytesMax + frameHeaderBytes;

/** Longest message of `sluice.json` in bytes: as an HTTP request. */
export const jsonMessageBytesMax = requestBytesMax;

/** How long a close frame may stay without its answer before the socket is ended, in milliseconds. */
export const closeTimeoutMs = 2_000;

/** Above so many bytes that wait for the socket a ping gets no pong. */
export const pongBytesMax = 64 * 1024;

/** What one connection of `sluice.json` may cost. */
export interface JsonLimits {
  /** Connections at a time; one more is refused with 503. */
  readonly connectionCountMax: number;
  /** Interval of the pings; after two without a word the client is given up, in milliseconds. */
  readonly heartbeatMs: number;
  /** How long a message may take from its first byte to its last, and what waits for the socket may stay as it is, in milliseconds. */
  readonly stallMs: number;
  /** Requests that are being answered; above it the socket is not read. Those that wait for messages are counted apart. */
  readonly requestCountMax: number;
  /** Bytes of requests that are being answered; above it the socket is not read. */
  readonly requestBytesMax: number;
  /** Dequeues under way, and the bytes that they may answer with together; one more is refused. */
  readonly readCountMax: number;
  readonly readBytesMax: number;
  readonly subscriptionCountMax: number;
  /** Credit that one subscription can have; more is cut to it. */
  readonly creditMax: number;
  /** Deliveries that are tracked, to go back when the connection ends. The oldest beyond it go back by their visibility timeout alone. */
  readonly heldCountMax: number;
  /** Bytes waiting to be sent above which nothing is pushed. */
  readonly pushBytes: number;
  /** Bytes waiting to be sent above which requests are not read. */
  readonly outgoingBytesMax: number;
  /** Records that a topic subscription may ask to have buffered. */
  readonly bufferCountMax: number;
  /** Live subscribers of a topic. */
  readonly subscriberCountMax: number;
  /** Messages that are no request, after which the connection is closed. */
  readonly malformedCountMax: number;
  /** How long a drain waits for clients to settle what they hold, in milliseconds. */
  readonly drainMs: number;
}

const mebi = 1024 * 1024;

export const defaultJsonLimits: JsonLimits = {
  connectionCountMax: 1_000,
  heartbeatMs: 10_000,
  stallMs: 60_000,
  requestCountMax: 1_024,
  requestBytesMax: 8 * mebi,
  readCountMax: 64,
  readBytesMax: 32 * mebi,
  subscriptionCountMax: 256,
  creditMax: 65_535,
  heldCountMax: 16_384,
  pushBytes: 256 * 1024,
  outgoingBytesMax: 8 * mebi,
  bufferCountMax: 100_000,
  subscriberCountMax: 10_000,
  malformedCountMax: 10,
  drainMs: 10_000,
};
