/** What every store of the chat has to do. An implementation calls `storeConformance` in a test file of its own. */
import { deepEqual, equal, notEqual, ok } from "node:assert/strict";
import { test } from "node:test";
import type { NewConversation } from "../conversations/conversation.ts";
import { fingerprintOf } from "../messages/fingerprint.ts";
import type { Message } from "../messages/message.ts";
import type { StoreOutcome } from "../messages/message-store.ts";
import type { ChatStore } from "./chat-store.ts";

/** A place for data that outlives the stores that are opened on it. */
export interface StorePlace extends AsyncDisposable {
  open(): Promise<ChatStore>;
}

const conversation = (conversationId: string, changes: Partial<NewConversation> = {}): NewConversation => ({
  conversationId,
  type: "group",
  classId: null,
  members: ["zoe", "ann", "bob"],
  createdAtMs: 1_767_225_600_000,
  ...changes,
});

const message = (messageId: string, changes: Partial<Message> = {}): Message => ({
  messageId,
  conversationId: "c1",
  senderId: "ann",
  senderName: "Ann",
  content: `text of ${messageId}`,
  mentions: [],
  replyToId: null,
  clientMessageId: null,
  sentAtMs: 1_767_225_600_123,
  ...changes,
});

const claimed = (messageId: string, clientMessageId: string, changes: Partial<Message> = {}) => ({
  ...message(messageId, changes),
  clientMessageId,
});

const seqOf = (outcome: StoreOutcome): number | undefined => (outcome.ok ? outcome.message.seq : undefined);

/** Each test gets an empty place from `place`. */
export function storeConformance(name: string, place: () => Promise<StorePlace>): void {
  const check = (what: string, body: (store: ChatStore, at: StorePlace) => Promise<void>): void => {
    test(`${name}: ${what}`, async () => {
      await using at = await place();
      await using store = await at.open();
      await body(store, at);
    });
  };

  check("a conversation is kept as it was created, members in their order", async (store) => {
    const wanted = conversation("c1", { type: "class", classId: "7b" });
    deepEqual(await store.createConversation(wanted), {
      isNew: true,
      conversation: { ...wanted, lastSeq: 0, lastMessage: undefined },
    });
    deepEqual(await store.conversation("c1"), { ...wanted, lastSeq: 0, lastMessage: undefined });
    equal(await store.conversation("c2"), undefined);
  });

  check("creating what exists changes nothing and returns what is there", async (store) => {
    await store.createConversation(conversation("c1"));
    const again = await store.createConversation(
      conversation("c1", { type: "direct", members: ["eve", "mal"] }),
    );
    deepEqual(again, {
      isNew: false,
      conversation: { ...conversation("c1"), lastSeq: 0, lastMessage: undefined },
    });
    equal(await store.isMember("c1", "eve"), false);
  });

  check("who is a member: yes, no, or no such conversation", async (store) => {
    await store.createConversation(conversation("c1"));
    equal(await store.isMember("c1", "ann"), true);
    equal(await store.isMember("c1", "eve"), false);
    equal(await store.isMember("c2", "ann"), undefined);
  });

  check(
    "seq counts 1, 2, 3 in each conversation by itself, also for messages stored at once",
    async (store) => {
      await store.createConversation(conversation("c1"));
      await store.createConversation(conversation("c2"));
      const outcomes = await Promise.all([
        store.storeMessage(message("m1")),
        store.storeMessage(message("n1", { conversationId: "c2" })),
        store.storeMessage(message("m2")),
        store.storeMessage(message("m3")),
      ]);
      deepEqual(outcomes.map(seqOf), [1, 1, 2, 3]);
      equal((await store.conversation("c1"))?.lastSeq, 3);
    },
  );

  check("every field of a message comes back, whatever it holds", async (store) => {
    await store.createConversation(conversation("c1"));
    const full = message("m1", {
      senderName: "Änn 🙂",
      content: "a\u0000b\n\"'; DROP TABLE messages; --\u2028",
      mentions: ["bob", "zoe", "bob"],
      replyToId: "m0",
      clientMessageId: "k1",
    });
    await store.storeMessage(full);
    deepEqual(await store.history("c1", { limit: 10 }), [{ ...full, seq: 1 }]);
    deepEqual((await store.conversation("c1"))?.lastMessage, { ...full, seq: 1 });
  });

  check("a message is stored once by its id, whatever comes again", async (store) => {
    await store.createConversation(conversation("c1"));
    await store.storeMessage(message("m1"));
    await store.storeMessage(message("m2"));
    const again = await Promise.all([
      store.storeMessage(message("m1")),
      store.storeMessage(message("m1", { content: "other" })),
      store.storeMessage(message("m3")),
    ]);
    deepEqual(
      again.map((outcome) => outcome.ok && outcome.isNew),
      [false, false, true],
    );
    deepEqual(again.map(seqOf), [1, 1, 3]);
    const conversationNow = await store.conversation("c1");
    equal(
      conversationNow?.lastMessage?.messageId,
      "m3",
      "an old message that comes again is not the last one",
    );
  });

  check("a message is stored once by its sender and client message id", async (store) => {
    await store.createConversation(conversation("c1"));
    await store.storeMessage(claimed("m1", "k1"));
    const twin = await store.storeMessage(claimed("m2", "k1"));
    deepEqual([twin.ok && twin.isNew, twin.ok && twin.message.messageId], [false, "m1"]);
    const other = await store.storeMessage(claimed("m3", "k1", { senderId: "bob" }));
    deepEqual([other.ok && other.isNew, seqOf(other)], [true, 2], "another sender may use the same one");
  });

  check("a message of no conversation is refused, alone among its neighbours", async (store) => {
    await store.createConversation(conversation("c1"));
    const outcomes = await Promise.all([
      store.storeMessage(message("m1")),
      store.storeMessage(message("m2", { conversationId: "c9" })),
      store.storeMessage(message("m3")),
    ]);
    deepEqual(outcomes.map(seqOf), [1, undefined, 2]);
    deepEqual(outcomes[1], { ok: false, refusal: "unknown-conversation" });
  });

  check("the first claim wins, before and after its message is stored", async (store) => {
    await store.createConversation(conversation("c1"));
    const mine = claimed("m1", "k1");
    const answer = { messageId: "m1", sentAtMs: mine.sentAtMs, fingerprint: fingerprintOf(mine) };
    const rival = claimed("m2", "k1", { content: "other", sentAtMs: 5 });
    deepEqual(await Promise.all([store.claim(mine), store.claim(rival)]), [
      { ...answer, isStored: false },
      { ...answer, isStored: false },
    ]);
    await store.storeMessage(mine);
    deepEqual(await store.claim(rival), { ...answer, isStored: true });
    notEqual(fingerprintOf(rival), fingerprintOf(mine));
    equal((await store.claim(claimed("m3", "k1", { senderId: "bob" }))).messageId, "m3");
  });

  check("a message that no claim announced can be claimed afterwards only as what it is", async (store) => {
    await store.createConversation(conversation("c1"));
    const foreign = claimed("m1", "k1");
    await store.storeMessage(foreign);
    const { sentAtMs } = foreign;
    deepEqual(await store.claim(claimed("m2", "k1")), {
      messageId: "m1",
      sentAtMs,
      fingerprint: fingerprintOf(foreign),
      isStored: true,
    });
  });

  check("history comes newest first, in pages before a seq", async (store) => {
    await store.createConversation(conversation("c1"));
    for (const id of ["m1", "m2", "m3", "m4", "m5"]) await store.storeMessage(message(id));
    const page = async (limit: number, beforeSeq?: number): Promise<number[]> => {
      const found = await store.history("c1", { limit, ...(beforeSeq !== undefined && { beforeSeq }) });
      return found.map(({ seq }) => seq);
    };
    deepEqual(await page(2), [5, 4]);
    deepEqual(await page(2, 4), [3, 2]);
    deepEqual(await page(2, 2), [1]);
    deepEqual(await page(2, 1), []);
    deepEqual(await page(9, 99), [5, 4, 3, 2, 1]);
    deepEqual(await store.history("c9", { limit: 5 }), []);
  });

  check("what was answered is there when the store is opened again", async (store, at) => {
    await store.createConversation(conversation("c1"));
    await store.storeMessage(message("m1"));
    await store.claim(claimed("m2", "k2"));
    await store[Symbol.asyncDispose]();
    await using again = await at.open();
    equal((await again.conversation("c1"))?.lastMessage?.messageId, "m1");
    equal((await again.claim(claimed("m3", "k2"))).messageId, "m2");
    equal(seqOf(await again.storeMessage(message("m4"))), 2);
    ok(again.readiness().ready);
  });
}
