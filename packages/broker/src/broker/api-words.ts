/** Words that requests and answers of every kind share. */
import type { Durability } from "../journal/journal.ts";

/** What a queue or topic answers with, besides what was asked. */
export interface Durable {
  readonly durability: Durability;
}

/**
 * Whose request this is. A repeat of a request that was carried out, also one from before a restart, is answered with the first answer and has
 * no second effect; one that is too old to be told apart is refused as `stale-sequence`. A refused request left no trace and may be repeated.
 */
export interface ProducerSequence {
  /** A name that no other producer uses, such as a UUID. */
  readonly producer: string;
  /** From 1, rising; what is under way at a time may come in any order. */
  readonly sequence: number;
}
