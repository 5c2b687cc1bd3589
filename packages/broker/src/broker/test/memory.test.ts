/** The memory budget counts what bodies really hold: also what died beside those that stay, until that is given back. */
import { deepEqual, equal, ok } from "node:assert/strict";
import { test } from "node:test";
import { noAttributes } from "../../queue/index.ts";
import { granted, refused, VirtualBroker } from "./world.ts";

const bodyBytes = 600;
const memoryBudgetBytes = 500_000;

test("a queue in memory fills the budget, and when most of it was acked there is room for as much again", async () => {
  await using world = await VirtualBroker.open({ limits: { memoryBudgetBytes } });
  granted(await world.answer(world.broker.createQueue({ queue: "jobs", durability: "memory" })));
  const bodyOf = (number: number) => Buffer.alloc(bodyBytes, number);
  let sent = 0;
  const fill = async (): Promise<number> => {
    for (let count = 0; ; count++) {
      const messages = [{ body: bodyOf(sent), attributes: noAttributes }];
      const answer = await world.answer(world.broker.send({ queue: "jobs", messages }));
      if (!answer.ok) {
        refused(answer, "memory-full");
        return count;
      }
      sent++;
    }
  };
  const first = await fill();
  ok(first * (bodyBytes + 100) <= memoryBudgetBytes && first > 600, `${first} messages`);
  const { messages } = granted(
    await world.answer(world.broker.take({ queue: "jobs", max: 1000, bytesMax: 1_000_000, waitMs: 0 })),
  );
  equal(messages.length, first);
  const done = messages.filter((_, i) => i % 20 !== 0);
  granted(await world.answer(world.broker.ackBatch("jobs", done)));
  const staying = messages.length - done.length;
  const second = await fill();
  ok(second > first - 3 * staying, `${second} of ${first} messages fit again`);
  for (const [i, { body }] of messages.entries()) deepEqual([...new Set(body)], [i % 256]);
});
