/** `lastMessage` under workers that replay in any order: it is the newest that was ever set. */
import { equal } from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import fc from "fast-check";
import { ConversationTable } from "./conversation-table.ts";
import { MessageTable } from "./message-table.ts";
import { prepareDatabase } from "./schema.ts";

const messageCount = 6;

test("the last message never goes back, in whatever order and however often it is set", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: messageCount }), { minLength: 1 }), (order) => {
      using database = new DatabaseSync(":memory:");
      prepareDatabase(database);
      const conversations = new ConversationTable(database);
      const messages = new MessageTable(database, conversations);
      const members = ["ann"];
      conversations.create({ conversationId: "c1", type: "group", classId: null, members, createdAtMs: 0 });
      for (let n = 1; n <= messageCount; n++) {
        const who = { senderId: "ann", senderName: "Ann", replyToId: null, clientMessageId: null };
        messages.store({
          ...who,
          messageId: `m${n}`,
          conversationId: "c1",
          content: "x",
          mentions: [],
          sentAtMs: n,
        });
      }
      database.exec("UPDATE conversations SET last_message_seq = 0");
      let newest = 0;
      for (const seq of order) {
        conversations.setLastMessage("c1", seq);
        newest = Math.max(newest, seq);
        equal(conversations.read("c1")?.lastMessage?.seq, newest);
      }
    }),
    { numRuns: 50 },
  );
});
