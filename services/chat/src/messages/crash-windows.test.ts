/**
 * Sending under crashes, by random plans: a process may die before it publishes, after it published and before it answered, or
 * anywhere between worker and store; the plan is run on a real store and the promises are checked against all that was answered.
 */
import { deepEqual, equal, ok } from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { Bus } from "@sluice/bus";
import { Fault, seededRandom } from "@sluice/runtime";
import { VirtualClock } from "@sluice/testkit";
import fc from "fast-check";
import { SqliteStore } from "../store/sqlite/sqlite-store.ts";
import { type MessageSent, messageOf, messageSent } from "./message-sent.ts";
import { type Accepted, Sending } from "./sending.ts";

type Publishing = "works" | "fails before" | "fails after";

type Step =
  | {
      readonly kind: "send";
      readonly sender: string;
      readonly key: string | null;
      readonly content: string;
      readonly publishing: Publishing;
    }
  | { readonly kind: "work" }
  | { readonly kind: "work again"; readonly from: number }
  | { readonly kind: "restart" };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("send" as const),
      sender: fc.constantFrom("ann", "bob"),
      key: fc.constantFrom(null, "k1", "k2"),
      content: fc.constantFrom("red", "blue"),
      publishing: fc.constantFrom<Publishing[]>("works", "works", "fails before", "fails after"),
    }),
  },
  { weight: 3, arbitrary: fc.constant({ kind: "work" as const }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("work again" as const), from: fc.nat(20) }) },
  { weight: 1, arbitrary: fc.constant({ kind: "restart" as const }) },
);

/** What the outside world was told: the ledger that the store is compared with at the end. */
interface Told {
  readonly sender: string;
  readonly key: string | null;
  readonly content: string;
  readonly answer: Accepted;
}

async function run(plan: readonly Step[]): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), "sluice-crash-"));
  const clock = new VirtualClock();
  const random = seededRandom(1);
  let store = await SqliteStore.open(directory);
  try {
    const members = ["ann", "bob"];
    await store.createConversation({
      conversationId: "c1",
      type: "direct",
      classId: null,
      members,
      createdAtMs: 0,
    });
    const topic: MessageSent[] = [];
    let next = 0;
    let publishing: Publishing = "works";
    const publish = async (_type: unknown, data: unknown) => {
      if (publishing !== "fails before") topic.push(messageSent.parse(data));
      if (publishing !== "works") throw new Fault("engine-unavailable", "no answer");
      return { id: "e", partition: 0, offset: topic.length - 1, durability: "synced" as const };
    };
    const bus: Pick<Bus, "publish"> = { publish };
    let sending = new Sending({ bus, store, clock, random });
    const told: Told[] = [];
    let lastSeq = 0;
    const work = async (): Promise<void> => {
      const data = topic[next];
      if (data === undefined) return;
      ok((await store.storeMessage(messageOf(data))).ok);
      next++;
      const conversation = await store.conversation("c1");
      equal(
        conversation?.lastMessage?.seq,
        conversation?.lastSeq,
        "the last message is the one with the highest seq",
      );
      ok((conversation?.lastSeq ?? 0) >= lastSeq, "and never goes back");
      lastSeq = conversation?.lastSeq ?? 0;
    };

    for (const now of plan) {
      await clock.advance(7);
      if (now.kind === "work") await work();
      else if (now.kind === "work again") next = Math.min(next, now.from);
      else if (now.kind === "restart") {
        await store[Symbol.asyncDispose]();
        store = await SqliteStore.open(directory);
        sending = new Sending({ bus, store, clock, random });
      } else {
        const { sender, key, content } = now;
        publishing = now.publishing;
        const outgoing = {
          conversationId: "c1",
          senderId: sender,
          senderName: sender,
          content,
          mentions: [],
        };
        const answer = await sending
          .send({ ...outgoing, replyToId: null, clientMessageId: key })
          .catch((fault: unknown) => ok(fault instanceof Fault, String(fault)));
        if (answer?.ok === true) told.push({ sender, key, content, answer });
        else if (answer?.ok === false) equal(answer.refusal, "client-message-id-reused");
      }
    }

    while (next < topic.length) await work();
    const stored = (await store.history("c1", { limit: 1000 })).toReversed();
    deepEqual(
      stored.map(({ seq }) => seq),
      stored.map((_, i) => i + 1),
      "seq has no gap",
    );
    for (const { sender, key, content, answer } of told) {
      const found = stored.filter(({ messageId }) => messageId === answer.messageId);
      deepEqual(
        found.map((message) => [
          message.senderId,
          message.clientMessageId,
          message.content,
          message.sentAtMs,
        ]),
        [[sender, key, content, answer.sentAtMs]],
        "what was accepted is stored once, as it was sent",
      );
    }
    const named = stored.filter(({ clientMessageId }) => clientMessageId !== null);
    const names = named.map(({ senderId, clientMessageId }) => `${senderId}/${clientMessageId}`);
    equal(new Set(names).size, names.length, "one message for a sender's client message id");
  } finally {
    await store[Symbol.asyncDispose]();
    await rm(directory, { recursive: true });
  }
}

test("whatever dies when: accepted is stored, once, as it was sent, under one name", async () => {
  await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 25 }), run), { numRuns: 60 });
});
