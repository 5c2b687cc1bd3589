/** Bounds that hold for every queue and topic, whatever their settings. */

/** Longest body of a message or record in bytes: 1 MiB, as SQS takes. Larger things belong in a store, with their address in the message. */
export const messageBodyBytesMax = 1024 * 1024;

/** Longest visibility timeout in milliseconds: 12 h, as in SQS. A lease that long without an extension means that its holder is gone. */
export const visibilityTimeoutMsMax = 12 * 60 * 60 * 1000;

/** Longest delay in milliseconds: 10 years. What lies further ahead is a calendar's business. */
export const delayMsMax = 10 * 365 * 24 * 60 * 60 * 1000;

/** The most urgent priority; 0 is the least. */
export const priorityMax = 9;

/** Longest group id or deduplication id in bytes of UTF-8: each is kept in memory beside its message. SQS takes 128 characters. */
export const idBytesMax = 512;

/** Longest deduplication window in milliseconds: a week of ids can be a lot of memory. */
export const deduplicationWindowMsMax = 7 * 24 * 60 * 60 * 1000;

/** What is kept of an error that a consumer gives: enough for a message and a few lines of its stack. Longer ones are cut. */
export const lastErrorCharactersMax = 1024;

/** Largest `receiveCountMax`, as in SQS. */
export const receiveCountMaxMax = 1000;

/**
 * Messages that one command moves to a dead-letter queue, or makes ready, beside what was asked of it. It bounds the size of an append
 * and the time of a turn; what is left over is due at once and comes with the next command.
 */
export const movesPerCommandMax = 1000;
