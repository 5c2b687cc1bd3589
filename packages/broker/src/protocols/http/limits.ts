/** Bounds of the HTTP API, beside those that the broker's rules have. The same table stands in docs/protocol.md. */

/** Longest request body on the wire: several messages of 1 MiB, or one with every byte escaped. */
export const requestBytesMax = 8 * 1024 * 1024;

/** Longest message after decoding. */
export const messageBytesMax = 1024 * 1024;

/** Names, types and values of all attributes of one message together: they are for routing, the body is for content. */
export const attributesBytesMax = 64 * 1024;

/** Attributes of one message. */
export const attributeCountMax = 64;

/** Messages of one enqueue, and receipts of one ack. */
export const batchCountMax = 1000;

/** Messages of one dequeue, records of one read. */
export const answerCountMax = 100;

/** Body bytes of one answer; what exceeds it stays in the queue. A single message is always answered. */
export const answerBytesMax = 4 * 1024 * 1024;

/** Longest wait of a long poll in seconds: a proxy on the way may end a quiet request after that. */
export const waitSecondsMax = 60;

/** Longest visibility timeout and delay in seconds: 12 hours, as in SQS. */
export const hideSecondsMax = 12 * 60 * 60;

/** Longest partition key in characters. */
export const keyLengthMax = 1024;

/** Longest delay and time to live in seconds: 10 years. What lies further ahead is a calendar's business. */
export const delaySecondsMax = 10 * 365 * 24 * 60 * 60;

/** Most urgent priority. */
export const priorityMax = 9;

/** Longest group id or deduplication id in bytes of UTF-8: each is kept in memory beside its message. */
export const idBytesMax = 512;

/** Longest reason of a nack that is taken in characters; what is kept of it is shorter. */
export const reasonLengthMax = 16 * 1024;

/** Longest deduplication window in seconds: a week of ids can be a lot of memory. */
export const deduplicationWindowSecondsMax = 7 * 24 * 60 * 60;

/** Queues or topics of one page of a list. */
export const pageCountMax = 1000;

/** Entries of one transaction, all kinds together. */
export const transactionCountMax = 1000;
