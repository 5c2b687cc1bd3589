/**
 * Topics that a service of this process owns: it folds them into its state, so that a record from anybody else would be taken for its own.
 * Everybody may read them; only who holds the broker itself may write.
 */
import { type Refused, refuse } from "../queue/refusals.ts";
import type { BrokerApi, PublishRequest, QueueBatchApi } from "./api.ts";

/**
 * The broker as outsiders get it. Of an owned topic these are refused as `owned-topic`: publishing, on its own or in a transaction, deleting
 * records or the topic, and saying how long they are kept.
 */
export function withOwnedTopics(
  broker: BrokerApi & QueueBatchApi,
  owned: ReadonlySet<string>,
): BrokerApi & QueueBatchApi {
  const refused = (
    publishes: readonly Pick<PublishRequest, "topic">[],
  ): Refused<"owned-topic"> | undefined => {
    const found = publishes.find(({ topic }) => owned.has(topic));
    if (found === undefined) return undefined;
    return refuse(
      "owned-topic",
      `The topic '${found.topic}' is written by the service that owns it alone; it can be read.`,
    );
  };
  return {
    ...broker,
    publish: async (request) => refused([request]) ?? broker.publish(request),
    deleteRecordsBefore: async (request) => refused([request]) ?? broker.deleteRecordsBefore(request),
    deleteTopic: async (topic) => refused([{ topic }]) ?? broker.deleteTopic(topic),
    configureTopic: async (request) => refused([request]) ?? broker.configureTopic(request),
    transact: async (request) => refused(request.publishes) ?? broker.transact(request),
  };
}
