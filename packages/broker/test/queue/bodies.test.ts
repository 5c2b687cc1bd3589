/** Bodies and what else only some messages have, through the life of a queue: whoever stays keeps what is its own. */
import { deepEqual, equal, ok } from "node:assert/strict";
import { suite, test } from "node:test";
import {
  type Attributes,
  decideAckBatch,
  decideDue,
  decideReceive,
  decideSend,
  noAttributes,
} from "../../src/queue/index.ts";
import { QueueWorld } from "./queue-world.ts";

const [jobs, dead] = [1, 2];
const visibilityTimeoutMs = 10;

/** No two of them are alike, and their lengths differ widely. */
const bodyOf = (number: number): Uint8Array =>
  Uint8Array.from(
    { length: 50 + ((number * 37) % 700) + (number % 97 === 0 ? 9000 : 0) },
    (_, i) => number + i * 3,
  );

const attributesOf = (number: number): Attributes =>
  number % 5 === 0 && number >= 500
    ? new Map([["number", { type: "number", value: `${number}` }]])
    : noAttributes;

function worldWith(count: number): QueueWorld {
  const world = new QueueWorld();
  world.create(dead);
  world.create(jobs, { visibilityTimeoutMs, deadLetter: { queue: dead, receiveCountMax: 2 } });
  for (let first = 1; first <= count; first += 100) {
    const numbers = Array.from({ length: 100 }, (_, i) => first + i);
    const messages = numbers.map((number) => ({ body: bodyOf(number), attributes: attributesOf(number) }));
    world.submit(decideSend(world.the(jobs), { messages }, world.now));
  }
  return world;
}

/** Receives everything, and sees that each is what it was sent as. */
function receiveAll(world: QueueWorld) {
  const state = world.the(jobs);
  const decided = decideReceive(state, { max: state.messages.used }, world.now, world);
  for (const { sequence, body, attributes } of decided.reply.deliveries) {
    deepEqual(body, bodyOf(sequence));
    deepEqual(attributes, attributesOf(sequence));
  }
  world.submit(decided);
  return decided.reply.deliveries;
}

suite("bodies of a queue", () => {
  test("when few of many stay, they keep their bodies and attributes, and the memory of the others is given back", () => {
    const world = worldWith(3000);
    const { bodies } = world.the(jobs).messages;
    const fullBytes = bodies.heldBytes;
    const deliveries = receiveAll(world);
    const receipts = deliveries.filter(({ sequence }) => sequence % 10 !== 0);
    world.submit(decideAckBatch(world.the(jobs), { receipts }, world.now));
    ok(bodies.heldBytes < fullBytes / 4, `${bodies.heldBytes} of ${fullBytes} bytes`);
    for (const { sequence, body } of deliveries)
      deepEqual(body, bodyOf(sequence), "what was handed out stays right");
    world.audit();
    world.advance(visibilityTimeoutMs);
    equal(receiveAll(world).length, 300);
    world.advance(visibilityTimeoutMs);
    const moved = world.look(dead).messages.map(({ body, attributes }) => ({ body, attributes }));
    const numbers = Array.from({ length: 300 }, (_, i) => 10 * (i + 1));
    deepEqual(
      moved,
      numbers.map((number) => ({ body: bodyOf(number), attributes: [...attributesOf(number)] })),
    );
    equal(bodies.liveBytes, 0, "they lie with the queue that has them");
  });

  test("slots that are taken anew show nothing of who had them before", () => {
    const world = worldWith(1000);
    const { messages } = world.the(jobs);
    world.submit(decideAckBatch(world.the(jobs), { receipts: receiveAll(world).slice(1) }, world.now));
    world.submit(decideDue(world.the(jobs), world.now, world));
    const plain = Array.from({ length: 999 }, () => ({ body: Uint8Array.of(7), attributes: noAttributes }));
    world.submit(decideSend(world.the(jobs), { messages: plain }, world.now));
    equal(messages.used, 1000);
    const { deliveries } = decideReceive(world.the(jobs), { max: 1000 }, world.now, world).reply;
    equal(deliveries.length, 999);
    for (const { body, attributes, receiveCount } of deliveries) {
      deepEqual([body, attributes.size, receiveCount], [Uint8Array.of(7), 0, 1]);
    }
    for (const { lease, sequence } of world.look(jobs).messages) equal(lease, sequence === 1 ? 1 : 0);
    world.audit();
  });

  test("a body that is not in memory takes none, and leaves nothing behind", () => {
    const world = worldWith(100).checkpointed();
    const { bodies, used } = world.the(jobs).messages;
    deepEqual([used, bodies.heldBytes], [100, 0]);
    const { deliveries } = world.submit(decideReceive(world.the(jobs), { max: 100 }, world.now, world)) as {
      deliveries: readonly { body: unknown; sequence: number; lease: number }[];
    };
    deepEqual(deliveries[0]?.body, { byteLength: bodyOf(1).byteLength });
    world.submit(decideAckBatch(world.the(jobs), { receipts: deliveries }, world.now));
    deepEqual([world.the(jobs).messages.used, bodies.heldBytes], [0, 0]);
  });
});
