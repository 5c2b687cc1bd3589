/** What one framed connection may cost, and the time it has. The same table stands in docs/protocol.md. */
import { classicFrameBytesMax } from "@sluice/protocol";

export interface TcpLimits {
  /** Longest payload from a client, in bytes; at most 16 MiB. */
  readonly frameBytesMax: number;
  /** Connections at a time, whatever their role. One more is answered with an error and closed. */
  readonly connectionCountMax: number;
  /** How long a client may take to say its role, in milliseconds. A client that has said it may be quiet for ever. */
  readonly roleTimeoutMs: number;
  /** Bytes of messages that were read from one producer and not yet answered for by the broker; over it its socket is not read. */
  readonly unansweredBytesMax: number;
  /** Messages that are handed to the broker at a time. Bounds by how much a blocking consumer's buffer is exceeded. */
  readonly batchCountMax: number;
  /**
   * Bytes that wait for one socket before nothing more is written to it. What the kernel takes at once does not count, so that
   * a consumer that reads is not held up by the order in which we do things.
   */
  readonly unsentBytesMax: number;
  /**
   * Bytes that all connections hold together, whatever their role: half frames, requests and messages that are not answered, and what waits to be
   * sent. Above it those that hold most are ended.
   */
  readonly totalBytesMax: number;
  /** Bytes of deliveries that a queue consumer is handed at a time: little enough that what is in doubt when it dies is little. */
  readonly windowBytes: number;
  /** How long a delivery hides its message while its frame waits for the socket; renewed at a third of it. A crash costs this wait. */
  readonly leaseMs: number;
  /** How long a connection stays after its last word, so that the client can read it, in milliseconds. */
  readonly lingerMs: number;
  /** How long a drain waits for consumers to take what is theirs, in milliseconds. */
  readonly drainMs: number;
}

export const defaultTcpLimits: TcpLimits = {
  frameBytesMax: classicFrameBytesMax,
  connectionCountMax: 1_000,
  roleTimeoutMs: 10_000,
  unansweredBytesMax: 1024 * 1024,
  batchCountMax: 1_000,
  unsentBytesMax: 256 * 1024,
  totalBytesMax: 256 * 1024 * 1024,
  windowBytes: 256 * 1024,
  leaseMs: 10_000,
  lingerMs: 2_000,
  drainMs: 10_000,
};
