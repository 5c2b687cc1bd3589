/** How many partitions the chat's topics have. Fixed, because a conversation's order is the order of its partition. */
import { messageSent } from "./messages/message-sent.ts";
import { studentCreated } from "./students/student-created.ts";

/** For the bus that the chat runs on (`partitionCounts` of `Bus.open`). */
export const chatPartitionCounts: ReadonlyMap<string, number> = new Map([
  [messageSent.topic, 10],
  [studentCreated.topic, 10],
]);
