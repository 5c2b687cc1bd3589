/** Bounds that hold for every queue and topic, whatever their settings. */

/** Longest body of a message or record in bytes: 1 MiB, as SQS takes. Larger things belong in a store, with their address in the message. */
export const messageBodyBytesMax = 1024 * 1024;

/** Longest visibility timeout in milliseconds: 12 h, as in SQS. A lease that long without an extension means that its holder is gone. */
export const visibilityTimeoutMsMax = 12 * 60 * 60 * 1000;

/** Largest `receiveCountMax`, as in SQS. */
export const receiveCountMaxMax = 1000;

/**
 * Messages that one command moves to a dead-letter queue, or makes ready, beside what was asked of it. It bounds the size of an append
 * and the time of a turn; what is left over is due at once and comes with the next command.
 */
export const movesPerCommandMax = 1000;
