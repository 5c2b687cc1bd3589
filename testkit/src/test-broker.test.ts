/** A test broker, as its users see it: virtual time and repeatable ids. */
import { deepEqual, equal, ok } from "node:assert/strict";
import { test } from "node:test";
import { noAttributes } from "@sluice/broker";
import { createTestBroker } from "./test-broker.ts";

const messages = [{ body: Buffer.from("job"), attributes: noAttributes }];

test("a visibility timeout of twelve hours passes at once", async () => {
  await using world = await createTestBroker();
  const { broker, clock } = world;
  await broker.send({ queue: "jobs", messages });
  const first = await broker.receive({
    queue: "jobs",
    max: 1,
    waitMs: 0,
    visibilityTimeoutMs: 12 * 3_600_000,
  });
  ok(first.ok && first.deliveries.length === 1);
  await clock.advance(12 * 3_600_000 - 1);
  deepEqual(await broker.receive({ queue: "jobs", max: 1, waitMs: 0 }), { ok: true, deliveries: [] });
  await clock.advance(1);
  const second = await broker.receive({ queue: "jobs", max: 1, waitMs: 0 });
  equal(second.ok && second.deliveries[0]?.receiveCount, 2);
});

test("the same seed gives the same ids, another seed others", async () => {
  const idsOf = async (seed: number) => {
    await using world = await createTestBroker({ seed });
    const sent = await world.broker.send({ queue: "jobs", messages });
    return sent.ok ? sent.messageIds : [];
  };
  deepEqual(await idsOf(7), await idsOf(7));
  ok((await idsOf(7))[0] !== (await idsOf(8))[0]);
});
