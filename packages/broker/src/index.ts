/** The broker as others use it: open one on a journal, and ask it what `BrokerApi` says. */
export * from "./broker/api.ts";
export { Broker, type BrokerOptions } from "./broker/broker.ts";
export { type BrokerLimits, defaultBrokerLimits } from "./broker/limits.ts";
export { withOwnedTopics } from "./broker/owned-topics.ts";
export {
  type ArchiveProblem,
  type OrphanedRecord,
  type UnreadableBody,
  type VerifyReport,
  verifyJournal,
} from "./broker/verify.ts";
export type { Durability } from "./journal/journal.ts";
export type { OutgoingMessage } from "./queue/commands.ts";
export type { Attribute, Attributes } from "./queue/message.ts";
export { noAttributes } from "./queue/message.ts";
export { decodeBatch } from "./topic/batch-codec.ts";
export type { OutgoingRecord, RecordPlace, TopicRecord } from "./topic/commands.ts";
export { rebalanceTimeoutMsDefault, sessionTimeoutMsDefault } from "./topic/group/limits.ts";
