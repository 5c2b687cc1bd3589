/** Bounds of a broker as a whole, each with its reason. */

export interface BrokerLimits {
  /** Body bytes in memory, of all queues and topics. Over it sends and publishes are refused as `memory-full`; what drains is not. */
  readonly memoryBudgetBytes: number;
  /** Names that the catalog holds: each costs memory for good, and a client must not be able to fill it by misspelling. */
  readonly nameCountMax: number;
}

export const defaultBrokerLimits: BrokerLimits = {
  memoryBudgetBytes: 512 * 1024 * 1024,
  nameCountMax: 100_000,
};

/** Deliveries of one receive and records of one fetch: they share one answer, whose size must stay bounded. */
export const countPerRequestMax = 1000;

/** Messages of one send and records of one publish or transaction: they share one append. */
export const batchCountMax = 10_000;

/** Body and key bytes of one append. */
export const batchBytesMax = 4 * 1024 * 1024;

/** Longest wait of a long poll in milliseconds; longer ones are cut to it. A client asks again. */
export const waitMsMax = 5 * 60 * 1000;
