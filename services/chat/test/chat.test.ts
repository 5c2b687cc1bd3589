/** The chat from end to end: HTTP in, the bus, the worker and the store, and the unmodified SignalR client out. */
import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { test } from "node:test";
import {
  conversations,
  freshGround,
  groupOfThree,
  listen,
  sendText,
  startChat,
  textOf,
} from "./running-chat.ts";

const uuidv7Pattern = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const timePattern = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

test("a message that is accepted is stored and then heard by those who joined", async () => {
  await using ground = await freshGround();
  await using chat = await startChat(ground);
  const created = await chat.post(conversations, groupOfThree);
  equal(created.status, 201);
  await using bob = await listen(chat, ["c1"], "?userId=bob");
  await using guest = await listen(chat);

  const accepted = await chat.post(
    sendText,
    textOf("hello 🙂", { mentions: ["bob"], replyToId: "m0", clientMessageId: "k1" }),
  );
  equal(accepted.status, 202);
  deepEqual(Object.keys(accepted.body), ["success", "data"]);
  const { messageId, sentAt } = accepted.body.data;
  deepEqual(accepted.body, { success: true, data: { messageId, status: "Sending", sentAt } });
  match(messageId, uuidv7Pattern);
  match(sentAt, timePattern);
  equal(accepted.headers.get("sluice-durability"), "memory", "that is what a memory engine gives");

  await bob.hears(1);
  const stored = {
    messageId,
    conversationId: "c1",
    seq: 1,
    senderId: "ann",
    senderName: "Ann",
    content: "hello 🙂",
    mentions: ["bob"],
    replyToId: "m0",
    clientMessageId: "k1",
    sentAt,
    status: "Sent",
  };
  deepEqual(bob.heard, [stored]);
  deepEqual(guest.heard, [], "who has not joined hears nothing");
  const history = await chat.get(`${conversations}/c1/messages`);
  deepEqual(history.body, { success: true, data: { messages: [stored], nextBefore: null } });
  const conversation = await chat.get(`${conversations}/c1`);
  deepEqual(conversation.body.data.lastMessage, stored);
});

test("stored before shown: a history read that starts on hearing a message contains it", async () => {
  await using ground = await freshGround();
  await using chat = await startChat(ground);
  await chat.post(conversations, groupOfThree);
  await using bob = await listen(chat, ["c1"]);
  const missing: number[] = [];
  const reads: Promise<void>[] = [];
  bob.client.on("MessageReceived", ({ seq }: { seq: number }) => {
    const read = chat.get(`${conversations}/c1/messages?limit=200`).then(({ body }) => {
      if (!body.data.messages.some((stored: { seq: number }) => stored.seq === seq)) missing.push(seq);
    });
    reads.push(read);
  });
  for (let i = 0; i < 10; i++) await chat.post(sendText, textOf(`${i}`));
  await bob.hears(10);
  await Promise.all(reads);
  deepEqual([reads.length, missing], [10, []]);
});

test("many senders at once: seq has no gap, each sender's order holds, and everybody hears the same order", async () => {
  await using ground = await freshGround();
  await using chat = await startChat(ground);
  await chat.post(conversations, groupOfThree);
  await using first = await listen(chat, ["c1"]);
  await using second = await listen(chat, ["c1"]);
  const perSender = 15;
  const sendAll = async (senderId: string): Promise<void> => {
    for (let i = 0; i < perSender; i++) {
      equal((await chat.post(sendText, textOf(`${i}`, { senderId, clientMessageId: `k${i}` }))).status, 202);
    }
  };
  await Promise.all(["ann", "bob", "cleo"].map(sendAll));
  await Promise.all([first.hears(3 * perSender), second.hears(3 * perSender)]);
  deepEqual(
    first.heard.map(({ seq }) => seq),
    Array.from({ length: 3 * perSender }, (_, i) => i + 1),
  );
  deepEqual(first.heard, second.heard);
  for (const senderId of ["ann", "bob", "cleo"]) {
    const own = first.heard.filter((message) => message.senderId === senderId);
    deepEqual(
      own.map(({ content }) => content),
      Array.from({ length: perSender }, (_, i) => `${i}`),
    );
  }
});

test("a repeat with the same client message id is the same message; with other content it is refused", async () => {
  await using ground = await freshGround();
  await using chat = await startChat(ground);
  await chat.post(conversations, groupOfThree);
  await chat.post(conversations, { ...groupOfThree, conversationId: "c2" });
  await using bob = await listen(chat, ["c1"]);
  const once = textOf("once", { clientMessageId: "k1" });
  const answers = await Promise.all([once, once, once].map((body) => chat.post(sendText, body)));
  const [first] = answers;
  for (const answer of answers) deepEqual([answer.status, answer.body], [202, first?.body]);
  await bob.hears(1);
  deepEqual((await chat.post(sendText, once)).body, first?.body, "also after it was stored");

  const others = [
    textOf("twice", { clientMessageId: "k1" }),
    textOf("once", { clientMessageId: "k1", mentions: ["bob"] }),
    textOf("once", { clientMessageId: "k1", replyToId: "m1" }),
    textOf("once", { clientMessageId: "k1", conversationId: "c2" }),
  ];
  for (const other of others) {
    const answer = await chat.post(sendText, other);
    deepEqual([answer.status, answer.body.error.code], [409, "client-message-id-reused"]);
  }
  equal((await chat.post(sendText, textOf("once", { clientMessageId: "k1", senderId: "bob" }))).status, 202);
  equal(
    (await chat.post(sendText, textOf("once"))).status,
    202,
    "without one, the same text is another message",
  );
  await bob.hears(3);
  deepEqual(
    bob.heard.map(({ seq, senderId }) => [seq, senderId]),
    [
      [1, "ann"],
      [2, "bob"],
      [3, "ann"],
    ],
  );
  match(await chat.metrics.metrics(), /sluice_chat_messages_stored_total 3\n/);
  match(await chat.metrics.metrics(), /sluice_chat_messages_accepted_total 3\n/);
});

test("history is read in pages, newest first", async () => {
  await using ground = await freshGround();
  await using chat = await startChat(ground);
  await chat.post(conversations, groupOfThree);
  await using bob = await listen(chat, ["c1"]);
  for (let i = 1; i <= 5; i++) await chat.post(sendText, textOf(`${i}`));
  await bob.hears(5);
  const pages: number[][] = [];
  let before: number | null = 6;
  while (before !== null) {
    const { body } = await chat.get(`${conversations}/c1/messages?limit=2&before=${before}`);
    pages.push(body.data.messages.map(({ seq }: { seq: number }) => seq));
    before = body.data.nextBefore;
  }
  deepEqual(pages, [[5, 4], [3, 2], [1]]);
});

test("joining says where the conversation stands; leaving ends the hearing; unknown ones are refused", async () => {
  await using ground = await freshGround();
  await using chat = await startChat(ground);
  await chat.post(conversations, groupOfThree);
  await using bob = await listen(chat, ["c1"]);
  await chat.post(sendText, textOf("1"));
  await bob.hears(1);
  await using eve = await listen(chat, [], "?userId=eve");
  await using cleo = await listen(chat, [], "?userId=cleo");
  deepEqual(await cleo.client.invoke("Join", "c1"), { conversationId: "c1", lastSeq: 1 });
  await rejects(cleo.client.invoke("Join", "c9"), /HubException: unknown-conversation: .*'c9'/);
  await rejects(cleo.client.invoke("Join", 7), /HubException: Join asks for the id of a conversation/);
  await rejects(eve.client.invoke("Join", "c1"), /HubException: not-a-member: 'eve'/);
  await cleo.client.invoke("leave", "c1");
  await chat.post(sendText, textOf("2"));
  await bob.hears(2);
  deepEqual([cleo.heard, eve.heard], [[], []]);
  await rejects(listen(chat, [], "?userId=no%20name"), /401/);
});

test("drain: sends are refused, reads go on, clients are sent away, and the part says that it is not ready", async () => {
  await using ground = await freshGround();
  await using chat = await startChat(ground);
  await chat.post(conversations, groupOfThree);
  await using bob = await listen(chat, ["c1"]);
  const closed = new Promise<void>((resolve) => bob.client.onclose(() => resolve()));
  ok(chat.part.readiness().ready);
  await chat.part.drain();
  await closed;
  const refused = await chat.post(sendText, textOf("late"));
  deepEqual([refused.status, refused.body.error.code], [503, "shutting-down"]);
  equal((await chat.get(`${conversations}/c1`)).status, 200);
  equal(chat.part.readiness().ready, false);
});
