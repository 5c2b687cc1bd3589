export * from "./broker/api.ts";
export type { Durability } from "./journal/journal.ts";
export type { OutgoingMessage } from "./queue/commands.ts";
export type { Attribute, Attributes } from "./queue/message.ts";
export { noAttributes } from "./queue/message.ts";
export type { OutgoingRecord, RecordPlace, TopicRecord } from "./topic/commands.ts";
