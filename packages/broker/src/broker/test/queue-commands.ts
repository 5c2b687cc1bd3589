/** Random commands to the queues of a broker: those that the rules are asked, and those that only a broker knows. */
import fc from "fast-check";
import { command, lives, message, queue, which } from "../../../test/queue/random-commands.ts";
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
