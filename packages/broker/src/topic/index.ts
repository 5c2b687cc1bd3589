/** The rules of topics and consumer groups, as the shell uses them: decide, append, apply. */
export { applyToTopic } from "./apply.ts";
export type * from "./commands.ts";
export { decideConfigureTopic } from "./decide/configure.ts";
export type { TopicDecision } from "./decide/decision.ts";
export { decidePublish } from "./decide/publish.ts";
export { fetch } from "./fetch.ts";
export * from "./limits.ts";
export * from "./partition.ts";
export { decodeTopicRecord, encodeTopicRecord } from "./record-codec.ts";
export type { BatchesPublished, TopicJournalRecord } from "./records.ts";
export * from "./refusals.ts";
export * from "./settings.ts";
export { snapshotTopic } from "./snapshot.ts";
export { type TopicDirectory, TopicState, topicDurability } from "./state.ts";
