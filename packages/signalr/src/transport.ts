/**
 * What carries the bytes of one connection. A WebSocket does now; server-sent events and long polling fit the same shape, and a
 * test can stand in for all of them.
 */

export interface Transport {
  /** Sends whole records as one message of the transport. The bytes may be shared with other connections and must not change. */
  send(records: Uint8Array): void;
  /** Bytes that were sent and not yet taken by the operating system. */
  readonly bufferedBytes: number;
  /** Stops and starts reading from the client. */
  pause(): void;
  resume(): void;
  /** Closes after what was sent has left. */
  close(): void;
  /** Cuts at once. */
  terminate(): void;
}
