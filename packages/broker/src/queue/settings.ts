/** How a queue behaves. Journalled with the queue; absent settings of a request get these defaults. */

export interface QueueSettings {
  /** How long a delivery hides its message, in milliseconds: 0 to 12 h. */
  readonly visibilityTimeoutMs: number;
  /** How long a message waits before it can be received first, unless it says so itself. Milliseconds, 0 to 10 years. */
  readonly delayMs: number;
  /** How long a message may wait from then on, unless it says so itself. Milliseconds; infinite: for ever. */
  readonly timeToLiveMs: number;
  /** What becomes of a message whose time to live has passed. A dead letter without a dead-letter queue is parked. */
  readonly onExpiry: "drop" | "dead-letter";
  /** When a message that was given back can be received again. */
  readonly retry: RetryPolicy;
  /** Where a message goes that has been received `receiveCountMax` times and is given back. */
  readonly deadLetter: DeadLetterSettings | undefined;
  /** How often a message is received that has no dead-letter queue to go to, before it is parked. 1 or more; infinite: it never is. */
  readonly parkAfterReceives: number;
  /** How long a message may be overtaken by more urgent ones, in milliseconds. */
  readonly priorityAgingMs: number;
  /** Which messages are told apart: those with a deduplication id by that, others not at all or by their content. */
  readonly deduplication: "by-id" | "by-content";
  /** How long a deduplication id is remembered, in milliseconds. */
  readonly deduplicationWindowMs: number;
  /** Messages that may be in flight at a time. */
  readonly inFlightMax: number;
  /** Messages that may be handed out in a second; may be a fraction. */
  readonly startsPerSecondMax: number;
  /** Messages the queue holds at most, whatever their state. */
  readonly messageCountMax: number;
  /** Body bytes the queue holds at most. */
  readonly bodyBytesMax: number;
  /** What becomes of a send that does not fit: refused as `queue-full`, or the oldest messages that wait make room for it. */
  readonly overflow: "refuse" | "drop-oldest";
  /** What a reply about this queue rests on, as far as the journal can promise it. */
  readonly durability: "synced" | "buffered" | "memory";
}

/** The n-th time that a message is given back it waits `minDelayMs * factor^(n-1)`, at most `maxDelayMs`, less up to the share `jitter` of that. */
export interface RetryPolicy {
  /** 0: ready again at once, however often. */
  readonly minDelayMs: number;
  readonly maxDelayMs: number;
  /** 1 to 10. */
  readonly factor: number;
  /** 0 to 1. Spreads messages that failed together. */
  readonly jitter: number;
}

export interface DeadLetterSettings {
  /** Catalog number of the dead-letter queue. */
  readonly queue: number;
  /** 1 to 1000. */
  readonly receiveCountMax: number;
}

export const defaultRetryPolicy: RetryPolicy = {
  minDelayMs: 0,
  maxDelayMs: 15 * 60 * 1000,
  factor: 2,
  jitter: 0.5,
};

export const defaultQueueSettings: QueueSettings = {
  visibilityTimeoutMs: 30_000,
  delayMs: 0,
  timeToLiveMs: Number.POSITIVE_INFINITY,
  onExpiry: "drop",
  retry: defaultRetryPolicy,
  deadLetter: undefined,
  // Far more than an honest retry needs, and soon reached by a message that can never be handled.
  parkAfterReceives: 100,
  priorityAgingMs: 60_000,
  deduplication: "by-id",
  deduplicationWindowMs: 5 * 60 * 1000,
  inFlightMax: Number.POSITIVE_INFINITY,
  startsPerSecondMax: Number.POSITIVE_INFINITY,
  messageCountMax: Number.MAX_SAFE_INTEGER,
  bodyBytesMax: Number.MAX_SAFE_INTEGER,
  overflow: "refuse",
  durability: "synced",
};
