/** What one connection that asks and is pushed to may cost, whatever the form of its messages: the full protocol and the JSON of WebSockets both have these bounds. */

export interface ConnectionLimits {
  /** Requests that are being answered; above it the socket is not read. Those that wait for messages are counted apart. */
  readonly requestCountMax: number;
  /** Bytes of requests that are being answered; above it the socket is not read. */
  readonly requestBytesMax: number;
  /** Reads under way, and the bytes that they may answer with together; one more is refused. */
  readonly readCountMax: number;
  readonly readBytesMax: number;
  /** Subscriptions, and memberships where there are such. */
  readonly subscriptionCountMax: number;
  /** Credit that one subscription can have; more is cut to it. */
  readonly creditMax: number;
  /** Deliveries that are tracked, to go back when the connection ends. The oldest beyond it go back by their visibility timeout alone. */
  readonly heldCountMax: number;
  /** Bytes waiting to be sent above which nothing is pushed. */
  readonly pushBytes: number;
  /** Bytes waiting to be sent above which requests are not read. */
  readonly outgoingBytesMax: number;
  /** Records that a live subscriber may ask to have buffered. */
  readonly bufferCountMax: number;
  /** Live subscribers of a topic. */
  readonly subscriberCountMax: number;
  /** How long a message may take from its first byte to its last, and what waits for the socket may stay as it is, in milliseconds. */
  readonly stallMs: number;
}

export const mebi = 1024 * 1024;

/** Those that are the same for both. How many requests, reads and deliveries there may be depends on what one of them costs. */
export const sharedConnectionLimits = {
  requestBytesMax: 8 * mebi,
  readBytesMax: 32 * mebi,
  subscriptionCountMax: 256,
  creditMax: 65_535,
  pushBytes: 256 * 1024,
  outgoingBytesMax: 8 * mebi,
  bufferCountMax: 100_000,
  subscriberCountMax: 10_000,
  stallMs: 60_000,
} as const satisfies Partial<ConnectionLimits>;
