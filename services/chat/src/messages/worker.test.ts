/** The worker on a real store and a memory engine: once, in order, stored before shown, whatever fails in between. */
import { deepEqual, equal, match } from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Bus, type EngineRecord, MemoryEngine } from "@sluice/bus";
import { Fault, seededRandom, silentLog } from "@sluice/runtime";
import { VirtualClock } from "@sluice/testkit";
import { SqliteStore } from "../store/sqlite/sqlite-store.ts";
import type { StoredMessage } from "./message.ts";
import { type MessageSent, messageSent } from "./message-sent.ts";
import type { MessageStore } from "./message-store.ts";
import { startWorker } from "./worker.ts";

const sent = (messageId: string, changes: Partial<MessageSent> = {}): MessageSent => ({
  messageId,
  conversationId: "c1",
  senderId: "ann",
  senderName: "Ann",
  content: `text of ${messageId}`,
  mentions: [],
  replyToId: null,
  clientMessageId: null,
  sentAt: "2026-01-01T00:00:00.000Z",
  ...changes,
});

/** A bus and a store with the conversation `c1`, both empty otherwise. */
async function world() {
  const directory = await mkdtemp(join(tmpdir(), "sluice-worker-"));
  const clock = new VirtualClock();
  const engine = MemoryEngine.open({ clock });
  const bus = await Bus.open({ engine, source: "/test", clock, random: seededRandom(1), log: silentLog });
  const store = await SqliteStore.open(directory);
  await store.createConversation({
    conversationId: "c1",
    type: "group",
    classId: null,
    members: ["ann"],
    createdAtMs: 0,
  });
  const shown: StoredMessage[] = [];
  const waiting = new Set<() => void>();
  return {
    clock,
    engine,
    bus,
    store,
    publish: (data: MessageSent) => bus.publish(messageSent, data),
    /** Starts a worker on `through`, by default the store itself. */
    work: (through: Pick<MessageStore, "storeMessage"> = store) =>
      startWorker({
        bus,
        store: through,
        show: (message) => {
          shown.push(message);
          for (const look of waiting) look();
        },
      }),
    /** Resolves with seq and id of what was shown, once that is `count` messages. */
    shows: (count: number) =>
      new Promise<[number, string][]>((resolve) => {
        const look = (): void => {
          if (shown.length >= count) resolve(shown.map(({ seq, messageId }) => [seq, messageId]));
        };
        waiting.add(look);
        look();
      }),
    /** The first `count` dead letters. */
    deadLetters: async (count: number): Promise<EngineRecord[]> => {
      const stop = new AbortController();
      const letters: EngineRecord[] = [];
      await bus.topics.ensureDeadLetters("emis.message.sent");
      for await (const batch of engine.read("emis.message.sent.dlq", 0, 0, stop.signal)) {
        letters.push(...batch);
        if (letters.length >= count) break;
      }
      stop.abort();
      return letters;
    },
    [Symbol.asyncDispose]: async () => {
      await bus[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
      await rm(directory, { recursive: true });
    },
  };
}

test("an event that comes twice is stored once and shown once", async () => {
  await using at = await world();
  await using _worker = await at.work();
  for (const id of ["m1", "m1", "m2", "m1", "m3"]) await at.publish(sent(id));
  deepEqual(await at.shows(3), [
    [1, "m1"],
    [2, "m2"],
    [3, "m3"],
  ]);
  equal((await at.store.history("c1", { limit: 10 })).length, 3);
});

test("what was published while no worker ran is stored when one does", async () => {
  await using at = await world();
  await at.publish(sent("m1"));
  await at.publish(sent("m2"));
  await using _worker = await at.work();
  deepEqual(await at.shows(2), [
    [1, "m1"],
    [2, "m2"],
  ]);
});

test("a worker that ends between the store and the offset commit leaves nothing undone and nothing done twice", async () => {
  await using at = await world();
  const stored = Promise.withResolvers<void>();
  const dying = await at.work({
    storeMessage: async (message) => {
      await at.store.storeMessage(message);
      stored.resolve();
      throw new Fault("storage-failed", "the power went");
    },
  });
  await at.publish(sent("m1"));
  await stored.promise;
  await dying[Symbol.asyncDispose]();
  await at.publish(sent("m2"));
  await using _worker = await at.work();
  deepEqual(await at.shows(1), [[2, "m2"]]);
  deepEqual(
    (await at.store.history("c1", { limit: 10 })).map(({ seq, messageId }) => [seq, messageId]),
    [
      [2, "m2"],
      [1, "m1"],
    ],
  );
});

test("a store that fails for an hour delays its messages, keeps their order and loses none", async () => {
  await using at = await world();
  let isFailing = true;
  let attempts = 0;
  await using _worker = await at.work({
    storeMessage: (message) => {
      attempts++;
      return isFailing
        ? Promise.reject(new Fault("storage-failed", "no space"))
        : at.store.storeMessage(message);
    },
  });
  await at.publish(sent("m1"));
  await at.publish(sent("m2"));
  await at.clock.advance(3_600_000);
  equal(attempts > 700, true, `tried at least every five seconds, not ${attempts} times`);
  isFailing = false;
  await at.clock.advance(5_000);
  deepEqual(await at.shows(2), [
    [1, "m1"],
    [2, "m2"],
  ]);
});

test("a message that may have been stored by an attempt that failed is shown by the next one", async () => {
  await using at = await world();
  let calls = 0;
  await using _worker = await at.work({
    storeMessage: async (message) => {
      const outcome = await at.store.storeMessage(message);
      if (++calls === 1) throw new Fault("storage-failed", "stored, but who knows");
      return outcome;
    },
  });
  await at.publish(sent("m1"));
  while (calls < 2) await at.clock.advance(1_000);
  deepEqual(await at.shows(1), [[1, "m1"]]);
});

test("an event of no conversation, or with a time that is none, is a dead letter, and the next one is stored", async () => {
  await using at = await world();
  await using _worker = await at.work();
  await at.publish(sent("m1", { conversationId: "c9" }));
  await at.publish(sent("m2", { sentAt: "2016-12-31T23:59:60Z" }));
  await at.publish(sent("m3"));
  deepEqual(await at.shows(1), [[1, "m3"]]);
  const letters = await at.deadLetters(2);
  deepEqual(
    letters.map(({ headers }) => [headers.get("dlq-reason"), headers.get("dlq-attempts")]),
    Array(2).fill(["invalid-event", "1"]),
  );
  match(letters[0]?.headers.get("dlq-error") ?? "", /no conversation 'c9'/);
});

test("an event as another language writes it: no envelope, absent fields, a local time", async () => {
  await using at = await world();
  await using _worker = await at.work();
  const {
    replyToId: _r,
    clientMessageId: _c,
    ...written
  } = sent("m1", { sentAt: "2026-01-01T02:00:00+02:00" });
  const value = new TextEncoder().encode(JSON.stringify({ ...written, extra: true }));
  await at.bus.topics.ensure("emis.message.sent");
  await at.engine.publish([{ topic: "emis.message.sent", key: "c1", value, headers: new Map() }]);
  await at.shows(1);
  deepEqual(await at.store.history("c1", { limit: 1 }), [
    {
      seq: 1,
      messageId: "m1",
      conversationId: "c1",
      senderId: "ann",
      senderName: "Ann",
      content: "text of m1",
      mentions: [],
      replyToId: null,
      clientMessageId: null,
      sentAtMs: Date.UTC(2026, 0, 1),
    },
  ]);
});
