/** When a consumer of a topic writes: soon, and sooner when much has come, because one turn of the loop can bring more than its buffer holds. */
import { deepEqual, equal, ok } from "node:assert/strict";
import { test } from "node:test";
import { createMetrics, silentLog } from "@sluice/runtime";
import { settle, VirtualClock } from "@sluice/testkit";
import { openBroker } from "../test/open-broker.ts";
import { SharedBlocks } from "./frame-blocks.ts";
import { LiveConsumer } from "./live-consumer.ts";
import type { Peer } from "./peer.ts";
import { TcpMetrics } from "./tcp-metrics.ts";

test("few messages are one write at the end of the turn; many are written before it ends", async () => {
  const [clock, registry] = [new VirtualClock(), createMetrics()];
  await using broker = await openBroker(clock, registry);
  ok((await broker.createTopic({ topic: "t", retention: "live", durability: "memory" })).ok);
  const writes: number[] = [];
  const nothing = (): void => {};
  const peer: Peer = {
    congested: false,
    write: (blocks) => writes.push(blocks.length),
    pause: nothing,
    resume: nothing,
    refuse: nothing,
    finish: nothing,
    grown: nothing,
    destroy: nothing,
  };
  const consumer = new LiveConsumer(peer, {
    broker,
    channel: { kind: "topic", name: "t" },
    metrics: new TcpMetrics(registry, clock, silentLog),
    blocks: new SharedBlocks(),
    consumerCountMax: 1,
    bufferCountMax: 1_000,
    overflow: "drop",
    closed: nothing,
  });
  const publish = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) {
      const records = [{ key: undefined, body: new Uint8Array(10), attributes: new Map() }];
      ok((await broker.publish({ topic: "t", records })).ok);
      consumer.published(1);
    }
  };

  await publish(100);
  equal(writes.length, 0, "the turn is not over");
  await settle();
  deepEqual(writes, [1], "one write of one block");

  await publish(256);
  equal(writes.length, 3, "256 messages, 128 a write");
  await consumer.closed();
});
