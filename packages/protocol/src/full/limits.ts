/** The bounds that both ends of a SLUICE/1 connection agree on. docs/protocol.md, "Limits", gives the reason for each. */

/** Longest payload of the full protocol in bytes: a transaction or a batch of 1 MiB bodies, and a bound on what a peer can make us hold. */
export const fullFrameBytesMax = 4 * 1024 * 1024;

/** Verb and request id, in front of every body. */
export const payloadHeaderBytes = 5;

/** Messages of a send, records of a publish, receipts of an ack, all of them of a whole transaction: they share one append. */
export const entryCountMax = 10_000;

/** Deliveries of one receive, records of one fetch or of one push, messages of one browse. */
export const answerCountMax = 1_000;

/** Topics of a join, offsets of a commit, publishes, sends and acks of a transaction. */
export const partCountMax = 1_024;

/** Attributes of one message: they are for routing, the body is for content. */
export const attributeCountMax = 64;

/** Names, types and values of all attributes of one message together, in bytes. */
export const attributesBytesMax = 64 * 1024;

/** Longest text of a field in bytes of UTF-8: what its length of two bytes can say. Most fields have a smaller bound of their own. */
export const textBytesMax = 0xffff;

/** Longest sentence of a refusal in bytes: it is for people. */
export const sentenceBytesMax = 1_024;

/** Longest error of a nack in bytes: 1,024 characters, as many as are kept with the message, whatever they are. */
export const errorBytesMax = 4 * 1_024;

/** Longest token in bytes: room for a signed one. */
export const tokenBytesMax = 8 * 1_024;

/** Largest number on the wire: what a double holds exactly. */
export const numberMax = Number.MAX_SAFE_INTEGER;

/** Longest duration in milliseconds that a field of four bytes can say; the largest value of all means "none". */
export const durationMsMax = 0xffff_fffe;
