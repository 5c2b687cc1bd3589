/** What happens with many messages: commands stay bounded, checkpoints come in pieces, memory stays small. */
import { deepEqual, equal, ok } from "node:assert/strict";
import { suite, test } from "node:test";
import {
  decideAckBatch,
  decideDue,
  decidePurge,
  decideReceive,
  decideSend,
  decideStartRedrive,
  type FellDue,
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

  /** Due, until nothing is, with what each command did. */
  function fallDue(world: QueueWorld): readonly FellDue[] {
    const did: FellDue[] = [];
    world.advance(0, (_, one) => did.push(one));
    return did;
  }

  test("Q6: thousands that expire at once go in commands of bounded size, and so do those behind them in their groups", () => {
    const world = worldWith(0);
    const state = world.the(jobs);
    const expiring = { body: Uint8Array.of(1), attributes: noAttributes, timeToLiveMs: 10 };
    const messages = Array.from({ length: 2500 }, (_, i) =>
      i % 2 ? expiring : { ...expiring, groupId: "one" },
    );
    world.submit(decideSend(state, { messages }, world.now));
    world.passUnnoticed(10);
    deepEqual(
      fallDue(world).map(({ expired }) => expired),
      [1000, 1000, 500],
    );
    deepEqual(queueCounts(state), { ready: 0, delayed: 0, inFlight: 0, parked: 0, bodyBytes: 0 });
    world.audit();
  });

  test("Q12: a redrive without a rate moves a thousand a step, and each step is one append", () => {
    const world = worldWith(2500);
    world.submit(decideReceive(world.the(jobs), { max: 2500 }, world.now, world));
    world.advance(10);
    equal(queueCounts(world.the(dead)).ready, 2500);
    const before = world.journal.length;
    const start = { to: undefined, perSecondMax: Number.POSITIVE_INFINITY };
    world.submit(decideStartRedrive(world.the(dead), start, world.now, world));
    world.advance(0);
    equal(world.journal.length - before, 1 + 3 + 1, "the start, three steps, the end");
    equal(queueCounts(world.the(jobs)).ready, 2500);
    deepEqual(
      world.the(dead).redrives.tasks.map(({ status, moved, total }) => ({ status, moved, total })),
      [{ status: "done", moved: 2500, total: 2500 }],
    );
    world.audit();
  });

  test("Q14: a purge of thousands is one small record, and gives the memory back", () => {
    const world = worldWith(5000);
    const state = world.the(jobs);
    world.submit(decideReceive(state, { max: 1000 }, world.now, world));
    world.submit(decidePurge(state));
    equal(world.journal.at(-1)?.[0]?.head.byteLength, 0);
    equal(state.messages.sequence.length, 0, "the arrays are given back");
    world.submit(
      decideSend(state, { messages: [{ body: Uint8Array.of(1), attributes: noAttributes }] }, world.now),
    );
    equal(receive(world, 10), 1);
    world.audit();
  });

  test("Q8: a thousand groups with ten messages each are served in turn and in order", () => {
    const [groupCount, each] = [1000, 10];
    const world = worldWith(0);
    const state = world.the(jobs);
    for (let group = 0; group < groupCount; group++) {
      const message = { body: Uint8Array.of(1), attributes: noAttributes, groupId: `group ${group}` };
      world.submit(decideSend(state, { messages: Array.from({ length: each }, () => message) }, world.now));
    }
    for (let turn = 0; turn < each; turn++) {
      const received = decideReceive(state, { max: groupCount * each }, world.now, world);
      deepEqual(
        received.reply.deliveries.map(({ sequence }) => sequence),
        Array.from({ length: groupCount }, (_, group) => group * each + turn + 1),
      );
      world.submit(received);
      world.submit(decideAckBatch(state, { receipts: received.reply.deliveries }, world.now));
    }
    equal(state.groups.count, 0);
    equal(state.messages.used, 0);
  });
});
