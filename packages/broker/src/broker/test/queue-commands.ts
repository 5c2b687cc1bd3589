/** Random commands to the queues of a broker: those that the rules are asked, and those that only a broker knows. */
import fc from "fast-check";
import { command, dead, jobs, lives, message, queue, which } from "../../../test/queue/random-commands.ts";
import type { QueueSettings } from "../../queue/index.ts";

const brokerCommand = fc.oneof(
  { weight: 12, arbitrary: command },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("transact"),
      acks: fc.array(which, { maxLength: 3 }),
      sends: fc.array(fc.record({ queue, messages: fc.array(message, { maxLength: 3 }) }), { maxLength: 3 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("browse"), max: fc.integer({ min: 1, max: 6 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("tell-apart"),
      queue,
      deduplication: fc.constantFrom<QueueSettings["deduplication"]>("by-id", "by-content"),
    }),
  },
);
export type BrokerCommand = typeof brokerCommand extends fc.Arbitrary<infer Value> ? Value : never;
export type Ask<Do extends BrokerCommand["do"]> = Extract<BrokerCommand, { do: Do }>;

export const brokerLives = lives.chain(({ commands: _, ...fixed }) =>
  fc.record({
    startsPerSecondMax: fc.constant(fixed.startsPerSecondMax),
    deduplicationWindowMs: fc.constant(fixed.deduplicationWindowMs),
    commands: fc.array(brokerCommand, { maxLength: 80, size: "max" }),
  }),
);
export type BrokerLife = typeof brokerLives extends fc.Arbitrary<infer Value> ? Value : never;

const fixed = { startsPerSecondMax: Number.POSITIVE_INFINITY, deduplicationWindowMs: 100 } as const;
const settings = { receiveCountMax: 1 };
const receive = { do: "receive", max: 1, bytesMax: 1000, timeoutMs: null } as const;

/** What chance seldom comes upon. */
export const rareLives: readonly BrokerLife[] = [
  {
    // The first of a group may not be delivered any more: a receive gives the next one.
    ...fixed,
    commands: [
      {
        do: "send",
        queue: jobs,
        messages: [
          { bytes: 1, groupId: "a" },
          { bytes: 2, groupId: "a" },
        ],
      },
      { ...receive, queue: jobs },
      { do: "advance", byMs: 1000 },
      { do: "configure", queue: jobs, settings },
      { ...receive, queue: jobs },
    ],
  },
  {
    // A full queue takes as much as the same transaction acks, and no more.
    ...fixed,
    commands: [
      { do: "configure", queue: jobs, settings: { messageCountMax: 5, bodyBytesMax: 1000 } },
      { do: "send", queue: jobs, messages: Array.from({ length: 5 }, () => ({ bytes: 6 })) },
      { ...receive, queue: jobs },
      { do: "transact", acks: [8], sends: [{ queue: jobs, messages: [{ bytes: 6 }, { bytes: 6 }] }] },
      { do: "transact", acks: [8], sends: [{ queue: jobs, messages: [{ bytes: 6 }] }] },
    ],
  },
  {
    // The same of bytes.
    ...fixed,
    commands: [
      { do: "configure", queue: jobs, settings: { bodyBytesMax: 30 } },
      { do: "send", queue: jobs, messages: [{ bytes: 12 }, { bytes: 12 }, { bytes: 8 }] },
      { ...receive, queue: jobs },
      { do: "transact", acks: [8], sends: [{ queue: jobs, messages: [{ bytes: 12 }, { bytes: 5 }] }] },
      { do: "transact", acks: [8], sends: [{ queue: jobs, messages: [{ bytes: 12 }] }] },
    ],
  },
  {
    // A dead letter that is back in its queue has another sequence there, and the id that it always had.
    ...fixed,
    commands: [
      { do: "configure", queue: jobs, settings },
      { do: "send", queue: jobs, messages: [{ bytes: 1 }] },
      { ...receive, queue: jobs },
      { do: "advance", byMs: 1000 },
      { do: "redrive-one", queue: dead, which: 0, to: undefined },
      { do: "restart", checkpoint: false },
      { do: "cancel", queue: jobs, which: 0 },
    ],
  },
];
