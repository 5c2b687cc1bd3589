/** A chat backend: conversations and messages over HTTP, live over SignalR, durable on the event bus. */
export { type ChatOptions, createChat } from "./chat.ts";
export { hubPath } from "./hub/chat-hub.ts";
export { type MessageSent, messageSent } from "./messages/message-sent.ts";
export { chatPartitionCounts } from "./partitions.ts";
export { studentCreated } from "./students/student-created.ts";
