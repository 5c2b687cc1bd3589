/** What transcripts cannot say: ids and errors in broken Unicode, the spread of retries, instants that are no round numbers. */
import { deepEqual, equal, ok } from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import { retryDelayMs } from "../../src/queue/decide/retry.ts";
import {
  browse,
  decideNack,
  decideReceive,
  decideSend,
  idBytesMax,
  lastErrorCharactersMax,
  nextStartMs,
  noAttributes,
  type OutgoingMessage,
} from "../../src/queue/index.ts";
import { QueueWorld } from "./queue-world.ts";

const jobs = 1;
const message = { body: Uint8Array.of(1), attributes: noAttributes };

/** What sending this answers. */
function send(options: Partial<OutgoingMessage>): string {
  const world = new QueueWorld();
  world.create(jobs);
  const reply = world.submit(
    decideSend(world.the(jobs), { messages: [{ ...message, ...options }] }, world.now),
  );
  world.audit();
  return "refusal" in reply ? reply.refusal : "sent";
}

suite("edges of the rules of a queue", () => {
  const ids: readonly (readonly [string, string, string])[] = [
    ["of one byte", "x", "sent"],
    ["of the most bytes", "x".repeat(idBytesMax), "sent"],
    ["one byte longer", "x".repeat(idBytesMax + 1), "invalid-message"],
    ["of the most bytes, in fewer characters", "é".repeat(idBytesMax / 2), "sent"],
    ["that is longer in bytes than in characters", "é".repeat(idBytesMax / 2 + 1), "invalid-message"],
    ["that is empty", "", "invalid-message"],
    ["with half a character, which would be another id after a restart", "order \ud800", "invalid-message"],
    ["with a whole one of those", "order \u{1f600}", "sent"],
  ];
  for (const [name, id, expected] of ids) {
    test(`Q8 Q9 an id ${name}: ${expected}`, () => {
      equal(send({ groupId: id }), expected);
      equal(send({ deduplicationId: id }), expected);
    });
  }

  const options: readonly (readonly [string, Partial<OutgoingMessage>])[] = [
    ["a delay that is no number", { delayMs: Number.NaN }],
    ["an infinite delay", { delayMs: Number.POSITIVE_INFINITY }],
    ["a time to live that is no number", { timeToLiveMs: Number.NaN }],
    ["a time to live that is over", { timeToLiveMs: -1 }],
    ["a negative priority", { priority: -1 }],
    ["a priority that is no number", { priority: Number.NaN }],
  ];
  for (const [name, option] of options) {
    test(`Q1 ${name} is refused`, () => equal(send(option), "invalid-message"));
  }

  test("Q10 an error is cut, and never in the middle of a character", () => {
    const world = new QueueWorld();
    world.create(jobs);
    const state = world.the(jobs);
    world.submit(decideSend(state, { messages: [message] }, world.now));
    world.submit(decideReceive(state, { max: 1 }, world.now, world));
    const error = `${"x".repeat(lastErrorCharactersMax - 1)}\u{1f600}`;
    const nack = { receipt: { sequence: 1, lease: 1 }, delayMs: 0, counts: true, error };
    world.submit(decideNack(state, nack, world.now, world));
    const [found] = browse(state, { afterSequence: 0, max: 1, what: "all" });
    equal(found?.lastError, `${"x".repeat(lastErrorCharactersMax - 1)}\ufffd`);
    world.audit();
  });

  test("Q10 jitter shortens a delay by up to its share, evenly, and the same each time it is asked", () => {
    const policy = { minDelayMs: 1000, maxDelayMs: 60_000, factor: 2, jitter: 0.5 };
    const delays = Array.from({ length: 10_000 }, (_, sequence) => retryDelayMs(policy, sequence + 1, 2));
    ok(delays.every((delayMs) => delayMs >= 1000 && delayMs <= 2000));
    const mean = delays.reduce((sum, delayMs) => sum + delayMs, 0) / delays.length;
    ok(Math.abs(mean - 1500) < 15, `the mean is ${mean}`);
    const quarters = [0, 1, 2, 3].map(
      (quarter) =>
        delays.filter((delayMs) => Math.min(3, Math.floor((delayMs - 1000) / 250)) === quarter).length,
    );
    ok(
      quarters.every((count) => Math.abs(count - 2500) < 250),
      `the quarters have ${quarters}`,
    );
    deepEqual(retryDelayMs(policy, 7, 2), retryDelayMs(policy, 7, 2));
  });

  test("Q10 a delay never exceeds the cap, however often a message failed", () => {
    const policy = { minDelayMs: 1000, maxDelayMs: 60_000, factor: 10, jitter: 0 };
    equal(retryDelayMs(policy, 1, 1), 1000);
    equal(retryDelayMs(policy, 1, 3), 60_000);
    equal(retryDelayMs(policy, 1, 2 ** 31), 60_000);
  });

  test("Q16 whoever waits until the next start may have one then, at any rate and any time", () => {
    const rate = fc.oneof(
      fc.double({ min: 0.001, max: 5000, noNaN: true }),
      fc.constantFrom(3, 7, 30, 300, 1000 / 3),
    );
    const startMs = fc.tuple(fc.nat(1e10), fc.nat(999)).map(([wholeMs, rest]) => wholeMs + rest / 1000);
    const property = fc.property(
      rate,
      startMs,
      fc.integer({ min: 1, max: 200 }),
      (perSecond, fromMs, starts) => {
        const world = new QueueWorld();
        const state = world.create(jobs, { startsPerSecondMax: perSecond });
        world.passUnnoticed(fromMs);
        world.submit(decideSend(state, { messages: Array.from({ length: 400 }, () => message) }, world.now));
        for (let left = starts; left > 0; ) {
          const { deliveries } = decideReceive(state, { max: left }, world.now, world).reply;
          if (deliveries.length > 0) {
            world.submit(decideReceive(state, { max: left, visibilityTimeoutMs: 1e9 }, world.now, world));
            left -= deliveries.length;
            continue;
          }
          const nextMs = nextStartMs(state, world.monotonicMs);
          ok(nextMs !== undefined && nextMs > world.monotonicMs, "it is in the future");
          world.passUnnoticed(nextMs - world.monotonicMs);
          equal(nextStartMs(state, world.monotonicMs), undefined, "then there is a start");
        }
      },
    );
    fc.assert(property, { numRuns: 50 });
  });
});
