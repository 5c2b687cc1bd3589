/** Bounds of a broker as a whole, each with its reason. */

export interface BrokerLimits {
  /**
   * Bytes of memory for messages and records. Above half of it the bodies of new messages are left in the journal and read back when they are
   * handed out; topics have the newest records in memory, up to a quarter. Over it, when even what stands beside the bodies does not fit, sends
   * are refused as `memory-full`. What drains never is.
   */
  readonly memoryBudgetBytes: number;
  /**
   * Bytes of records that wait for one live subscriber, whatever its buffer in records: a subscriber that does not read large records would fill
   * the memory. When they are over it, its buffer is full.
   */
  readonly liveBufferBytesMax: number;
  /** Names that the catalog holds: each costs memory for good, and a client must not be able to fill it by misspelling. */
  readonly nameCountMax: number;
}

export const defaultBrokerLimits: BrokerLimits = {
  memoryBudgetBytes: 512 * 1024 * 1024,
  liveBufferBytesMax: 64 * 1024 * 1024,
  nameCountMax: 100_000,
};

/** What a waiting message takes in memory beside its body and what stands before that in its chunk, rounded up: measured in bench/. */
export const messageOverheadBytes = 100;

/** What a message takes beside that when it has a delay, a time to live, an error or the like. */
export const raritiesOverheadBytes = 160;

/** What a message group that has messages takes in memory. */
export const groupOverheadBytes = 250;

/** What a deduplication id that is remembered takes in memory, with an id of usual length. */
export const deduplicationOverheadBytes = 200;

/** What a batch of records takes in memory beside its bytes, rounded up. */
export const batchOverheadBytes = 150;

/** What a record takes in memory while it waits for a live subscriber, beside its key, its attributes and its body, rounded up. */
export const liveRecordOverheadBytes = 100;

/** Deliveries of one receive and records of one fetch: they share one answer, whose size must stay bounded. */
export const countPerRequestMax = 1000;

/** Messages of one send and records of one publish or transaction: they share one append. */
export const batchCountMax = 10_000;

/** Body and key bytes of one append. */
export const batchBytesMax = 4 * 1024 * 1024;

/** Attributes of one record, as on the wire: they are for routing, the body is for content. */
export const attributeCountMax = 64;

/** All attributes of one record as they are encoded, in bytes, as on the wire. */
export const attributesBytesMax = 64 * 1024;

/** Longest wait of a long poll in milliseconds; longer ones are cut to it. A client asks again. */
export const waitMsMax = 5 * 60 * 1000;
