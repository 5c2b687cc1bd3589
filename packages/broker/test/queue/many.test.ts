/** What happens with many messages: commands stay bounded, checkpoints come in pieces, memory stays small. */
import { deepEqual, equal, ok } from "node:assert/strict";
import { suite, test } from "node:test";
import {
  decideAckBatch,
  decideDue,
  decideReceive,
  decideSend,
  movesPerCommandMax,
  nextDueMs,
  noAttributes,
  queueCounts,
  snapshotQueue,
} from "../../src/queue/index.ts";
import { QueueWorld } from "./queue-world.ts";

const [jobs, dead] = [1, 2];

/** A queue with `count` messages whose bodies have one byte each. */
function worldWith(count: number): QueueWorld {
  const world = new QueueWorld();
  world.create(dead);
  world.create(jobs, { deadLetter: { queue: dead, receiveCountMax: 1 }, visibilityTimeoutMs: 10 });
  const messages = Array.from({ length: count }, () => ({
    body: Uint8Array.of(1),
    attributes: noAttributes,
  }));
  world.submit(decideSend(world.the(jobs), { messages }, world.now));
  return world;
}

const receive = (world: QueueWorld, max: number) =>
  decideReceive(world.the(jobs), { max }, world.now, world).reply.deliveries.length;

suite("many messages", () => {
  test("Q10: a command moves at most so many messages; the rest is still due, or still ready", () => {
    const world = worldWith(movesPerCommandMax + 500);
    world.submit(decideReceive(world.the(jobs), { max: movesPerCommandMax + 500 }, world.now, world));
    world.passUnnoticed(10);
    const first = world.submit(decideDue(world.the(jobs), world.now, world));
    deepEqual(first, { readied: 0, returned: 0, deadLettered: movesPerCommandMax, expired: 0 });
    equal(nextDueMs(world.the(jobs)), world.monotonicMs, "there is more to do at once");
    const second = world.submit(decideDue(world.the(jobs), world.now, world));
    deepEqual(second, { readied: 0, returned: 0, deadLettered: 500, expired: 0 });
    equal(nextDueMs(world.the(jobs)), undefined);
    world.audit();
  });

  test("Q10: a receive that finds too many spent messages moves so many, delivers nothing and leaves the others ready", () => {
    const world = worldWith(movesPerCommandMax + 500);
    const state = world.the(jobs);
    const count = movesPerCommandMax + 499;
    const lenient = { ...state.settings, deadLetter: undefined };
    world.append([{ owner: jobs, record: { kind: "configured", settings: lenient } }]);
    world.submit(decideReceive(state, { max: count }, world.now, world));
    world.advance(10);
    const settings = { ...lenient, deadLetter: { queue: dead, receiveCountMax: 1 } };
    world.append([{ owner: jobs, record: { kind: "configured", settings } }]);
    equal(receive(world, 10), 0);
    world.submit(decideReceive(state, { max: 10 }, world.now, world));
    equal(queueCounts(world.the(dead)).ready, movesPerCommandMax);
    equal(receive(world, 10), 1, "the one that was never received");
    world.submit(decideReceive(state, { max: 10 }, world.now, world));
    deepEqual(queueCounts(state), { ready: 0, delayed: 0, inFlight: 1, parked: 0, bodyBytes: 1 });
    equal(queueCounts(world.the(dead)).ready, count);
  });

  test("a checkpoint comes in records of bounded size and holds every message", () => {
    const world = worldWith(1234);
    world.submit(decideReceive(world.the(jobs), { max: 100 }, world.now, world));
    const records = [...snapshotQueue(world.the(jobs), world.now)];
    const sizes = records.flatMap((record) =>
      record.kind === "restored-messages" ? [record.messages.length] : [],
    );
    deepEqual(sizes, [500, 500, 234]);
    world.audit();
  });

  test("100,000 messages in, out and acked leave nothing behind", () => {
    const count = 100_000;
    const world = worldWith(0);
    const state = world.the(jobs);
    const body = Uint8Array.of(1);
    const messages = Array.from({ length: 1000 }, () => ({ body, attributes: noAttributes }));
    for (let sent = 0; sent < count; sent += 1000) world.submit(decideSend(state, { messages }, world.now));
    equal(queueCounts(state).ready, count);
    for (let done = 0; done < count; done += 1000) {
      const received = decideReceive(state, { max: 1000 }, world.now, world);
      world.submit(received);
      const acked = world.submit(decideAckBatch(state, { receipts: received.reply.deliveries }, world.now));
      ok(!("refusal" in acked) && acked.refusals.every((refused) => refused === undefined));
    }
    deepEqual(queueCounts(state), { ready: 0, delayed: 0, inFlight: 0, parked: 0, bodyBytes: 0 });
    equal(state.messages.sequence.length, 0, "the arrays are given back");
    equal(state.nextSequence, count + 1);
  });
});
