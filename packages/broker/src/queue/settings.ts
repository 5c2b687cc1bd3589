/** How a queue behaves. Journalled with the queue; absent settings of a request get these defaults. */

export interface QueueSettings {
  /** How long a delivery hides its message, in milliseconds: 0 to 12 h. */
  readonly visibilityTimeoutMs: number;
  /** Where a message goes whose receive count has reached `receiveCountMax` and that would be received once more. */
  readonly deadLetter: DeadLetterSettings | undefined;
  /** Messages the queue holds at most, whatever their state; a send over it is refused with `queue-full`. */
  readonly messageCountMax: number;
  /** Body bytes the queue holds at most. */
  readonly bodyBytesMax: number;
  /** What a reply about this queue rests on, as far as the journal can promise it. */
  readonly durability: "synced" | "buffered" | "memory";
}

export interface DeadLetterSettings {
  /** Catalog number of the dead-letter queue. */
  readonly queue: number;
  /** 1 to 1000. */
  readonly receiveCountMax: number;
}

export const defaultQueueSettings: QueueSettings = {
  visibilityTimeoutMs: 30_000,
  deadLetter: undefined,
  messageCountMax: Number.MAX_SAFE_INTEGER,
  bodyBytesMax: Number.MAX_SAFE_INTEGER,
  durability: "synced",
};
