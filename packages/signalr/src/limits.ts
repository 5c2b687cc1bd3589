/** Every bound of a hub in one place: what a client can make the server hold, and how long the server waits for it. */

export interface HubLimits {
  /** Longest record that a client may send, in bytes without its separator. Longer: Close with an error. */
  readonly recordBytesMax: number;
  /** Longest WebSocket message that a client may send (it may hold several records). Longer: WebSocket close 1009. */
  readonly frameBytesMax: number;
  /** Records that wait behind a running invocation before the server stops reading from the connection. */
  readonly inboxRecordsMax: number;
  /** Bytes that wait for a connection whose client reads slowly. Beyond: Close with `allowReconnect`. */
  readonly sendBufferBytesMax: number;
  /** Groups that one connection may be in. */
  readonly groupsPerConnectionMax: number;
  /** Open connections. Beyond: negotiate and upgrade answer 503. */
  readonly connectionCountMax: number;
  /** Negotiated connections whose transport has not come yet. Beyond: negotiate answers 503. */
  readonly reservationCountMax: number;
  /** How long a negotiated connection token waits for its transport. */
  readonly reservationMs: number;
  /** How long a connection may take to send its handshake. */
  readonly handshakeTimeoutMs: number;
  /** A ping goes out when nothing else did for this long. */
  readonly keepAliveMs: number;
  /** A client that has pinged once and is then silent for this long is dropped. */
  readonly clientTimeoutMs: number;
  /** How long a closing connection may take to close before it is cut. */
  readonly closeTimeoutMs: number;
}

/** The defaults; the times and the size of a record are those of Microsoft's server. */
export const defaultHubLimits: HubLimits = {
  recordBytesMax: 32 * 1024,
  frameBytesMax: 256 * 1024,
  inboxRecordsMax: 64,
  sendBufferBytesMax: 1024 * 1024,
  groupsPerConnectionMax: 1000,
  connectionCountMax: 50_000,
  reservationCountMax: 50_000,
  reservationMs: 15_000,
  handshakeTimeoutMs: 15_000,
  keepAliveMs: 15_000,
  clientTimeoutMs: 30_000,
  closeTimeoutMs: 5_000,
};
