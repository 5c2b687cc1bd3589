/** The bus on a broker whose disk is full: it says so, and is ready again by itself when there is space. */
import { deepEqual, equal, match, rejects } from "node:assert/strict";
import { test } from "node:test";
import { Broker } from "@sluice/broker";
import { FileJournal } from "@sluice/broker/journal";
import { seededRandom, silentLog } from "@sluice/runtime";
import { SimulatedDisk, VirtualClock } from "@sluice/testkit";
import { Bus } from "../src/bus.ts";
import { BrokerEngine } from "../src/engines/broker.ts";
import { order, orderPlaced } from "./world.ts";

test("a bus that could not publish for a full disk is ready again when the disk is, though nobody publishes", async () => {
  const clock = new VirtualClock();
  const random = seededRandom(1);
  const disk = new SimulatedDisk(random);
  const journal = await FileJournal.open({ disk, random, clock, reserveBytes: 10_000 });
  await using broker = await Broker.open({ journal, clock, random });
  const bus = await Bus.open({
    engine: BrokerEngine.open({ broker, clock, random }),
    source: "/test",
    clock,
    random,
    log: silentLog,
  });
  await bus.publish(orderPlaced, order("1"));
  while (!disk.fileNames().includes("reserve")) await clock.advance(0);
  disk.capacityBytes = 15_000;
  for (;;) {
    const [sent] = await Promise.allSettled([bus.publish(orderPlaced, order("2"))]);
    if (sent?.status === "rejected") break;
  }
  await rejects(bus.publish(orderPlaced, order("3")), { code: "engine-unavailable", message: /disk-full/ });
  const before = bus.readiness();
  match(before.ready ? "" : before.reason, /disk-full/);

  disk.capacityBytes = Number.POSITIVE_INFINITY;
  for (let second = 0; second < 60; second++) await clock.advance(1000);
  equal(broker.readiness().ready, true);
  bus.readiness();
  for (let turn = 0; turn < 50; turn++) await clock.advance(0);
  deepEqual(bus.readiness(), { ready: true });
  await bus.publish(orderPlaced, order("4"));
  await bus[Symbol.asyncDispose]();
});
