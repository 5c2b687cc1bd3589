/** Random commands to three queues that know of all that a queue can: what the rules and the model are both asked. */
import fc from "fast-check";
import type { QueueSettings } from "../../src/queue/index.ts";

/** Jobs, the dead-letter queue of it at times, and one more that dead letters of that may go to. */
export const [jobs, dead, grave] = [1, 2, 3];

/** Where the dead letters of each queue go, when it has such a queue. */
export const deadLetterQueues = new Map([
  [jobs, dead],
  [dead, grave],
  [grave, jobs],
]);

export const queue = fc.constantFrom(jobs, jobs, jobs, jobs, dead, dead, grave);
export const which = fc.nat(30);
const spanMs = fc.constantFrom(0, 1, 10, 10, 50, 1000);
const never = fc.constant(Number.POSITIVE_INFINITY);
const ofGroup = fc.constantFrom("a", "b", "c");

const sent = fc.record(
  {
    bytes: fc.nat(12),
    delayMs: fc.constantFrom(1, 10, 50),
    timeToLiveMs: fc.constantFrom(5, 20, 100),
    priority: fc.constantFrom(0, 1, 9),
    groupId: ofGroup,
    deduplicationId: fc.constantFrom("x", "y"),
  },
  { requiredKeys: ["bytes"] },
);
/** Most messages are plain, and most others have one thing. */
export const message = fc.oneof(
  { weight: 3, arbitrary: fc.record({ bytes: fc.nat(12) }) },
  { weight: 2, arbitrary: fc.record({ bytes: fc.nat(12), groupId: ofGroup }) },
  { weight: 3, arbitrary: sent },
);

const settings = fc.record(
  {
    delayMs: fc.constantFrom(0, 0, 10),
    timeToLiveMs: fc.oneof(never, fc.constantFrom(20, 100)),
    onExpiry: fc.constantFrom<QueueSettings["onExpiry"]>("drop", "dead-letter"),
    retry: fc.record({
      minDelayMs: fc.constantFrom(0, 4),
      maxDelayMs: fc.constantFrom(8, 100),
      factor: fc.constantFrom(1, 2),
      jitter: fc.constant(0),
    }),
    receiveCountMax: fc.option(fc.integer({ min: 1, max: 3 })),
    parkAfterReceives: fc.constantFrom(1, 2, 3, Number.POSITIVE_INFINITY),
    priorityAgingMs: fc.constantFrom(0, 20, 1000),
    inFlightMax: fc.oneof(never, fc.constantFrom(1, 2)),
    messageCountMax: fc.constantFrom(5, 12, 30),
    bodyBytesMax: fc.constantFrom(30, 60, 1000),
    overflow: fc.constantFrom<QueueSettings["overflow"]>("refuse", "drop-oldest"),
  },
  { requiredKeys: [] },
);

const to = fc.constantFrom(undefined, undefined, jobs, dead, grave, 9);

export const command = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant("send"), queue, messages: fc.array(message, { maxLength: 4 }) }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant("receive"),
      queue,
      max: fc.integer({ min: 1, max: 4 }),
      bytesMax: fc.constantFrom(10, 1000, 1000),
      timeoutMs: fc.option(spanMs),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("ack"), which }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("ack-batch"), queue, which: fc.array(which, { maxLength: 5 }) }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant("nack"),
      which,
      delayMs: fc.option(spanMs, { nil: undefined }),
      counts: fc.boolean(),
      error: fc.constantFrom("", "no", "never"),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("extend"), which, timeoutMs: spanMs }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant("advance"), byMs: spanMs }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("pass-unnoticed"), byMs: spanMs }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("configure"), queue, settings }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("cancel"), queue, which }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("reschedule"), queue, which, delayMs: spanMs }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("redrive-one"), queue, which, to }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("redrive"),
      queue,
      to,
      perSecondMax: fc.constantFrom(10, 20, Number.POSITIVE_INFINITY),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("cancel-redrive"), queue, task: fc.integer({ min: 1, max: 3 }) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("purge"), queue }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("pause"), queue, paused: fc.boolean() }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("relocate"), queue, step: fc.integer({ min: 1, max: 3 }) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("restart"), checkpoint: fc.boolean() }) },
);
export type Command = typeof command extends fc.Arbitrary<infer Value> ? Value : never;

/** What is done to queues that keep a rate limit and a deduplication window for as long as they live. */
export const lives = fc.record({
  startsPerSecondMax: fc.constantFrom(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, 50, 4),
  deduplicationWindowMs: fc.constantFrom(100, 100, 0),
  commands: fc.array(command, { maxLength: 80, size: "max" }),
});
export type Life = typeof lives extends fc.Arbitrary<infer Value> ? Value : never;
