/** The broker as the connections of the full protocol have it. */
import type { BrokerApi, Durable, QueueBatchApi } from "../../../broker/api.ts";

export type WholeBroker = BrokerApi & QueueBatchApi;

export interface FullBroker extends WholeBroker {
  /** What an acknowledgement rests on here at best. */
  readonly durability: Durable["durability"];
  /** Said in `welcome`; a client may insist on one. */
  readonly features: readonly string[];
}

/** What this server can beside the verbs. */
export const features = ["deduplication"] as const;
