/** What WebSockets may cost. docs/protocol.md has the same table, with the reasons. */
import { frameHeaderBytes } from "@sluice/protocol";
import { fullFrameBytesMax } from "@sluice/protocol/full";
import { requestBytesMax } from "../http/limits.ts";
import { type ConnectionLimits, sharedConnectionLimits } from "../tcp/connection-limits.ts";

/** Longest message of `sluice.1` in bytes: a whole frame. Shorter ones, and parts of frames, are as good. */
export const framedMessageBytesMax = fullFrameBytesMax + frameHeaderBytes;

/** Longest message of `sluice.json` in bytes: as an HTTP request. */
export const jsonMessageBytesMax = requestBytesMax;

/** How long a close frame may stay without its answer before the socket is ended, in milliseconds. */
export const closeTimeoutMs = 2_000;

/** Above so many bytes that wait for the socket a ping gets no pong. */
export const pongBytesMax = 64 * 1024;

/** What one connection of `sluice.json` may cost. */
export interface JsonLimits extends ConnectionLimits {
  /** Connections at a time; one more is refused with 503. */
  readonly connectionCountMax: number;
  /** Interval of the pings; after two without a word the client is given up, in milliseconds. */
  readonly heartbeatMs: number;
  /** Messages that are no request, after which the connection is closed. */
  readonly malformedCountMax: number;
  /** How long a drain waits for clients to settle what they hold, in milliseconds. */
  readonly drainMs: number;
}

export const defaultJsonLimits: JsonLimits = {
  ...sharedConnectionLimits,
  connectionCountMax: 1_000,
  heartbeatMs: 10_000,
  requestCountMax: 1_024,
  readCountMax: 64,
  heldCountMax: 16_384,
  malformedCountMax: 10,
  drainMs: 10_000,
};
