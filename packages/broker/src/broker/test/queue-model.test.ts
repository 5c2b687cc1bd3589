/**
 * The whole broker against the model of queues, on each journal. After each random command both must have answered the same and hold the same;
 * on the disk the broker ends and begins anew now and then, from its log or from a checkpoint, sometimes only after a while, and whatever it
 * does to its files by itself must not show.
 */
import { ok } from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import { type BrokerLife, brokerLives, rareLives } from "./queue-commands.ts";
import { BrokerPair } from "./queue-pair.ts";
import { seen } from "./watched-broker.ts";

suite("a broker does with queues what the model does", () => {
  for (const on of ["memory", "disk"] as const) {
    test(`on a journal ${on === "disk" ? "on a disk" : "in memory"}`, async () => {
      const property = fc.asyncProperty(brokerLives, async ({ commands, ...fixed }) => {
        const pair = new BrokerPair(on, fixed);
        await pair.open();
        for (const command of commands) {
          await pair.run(command);
          await pair.compareCounts();
        }
        await pair.compareMessages(100);
        await pair.close();
      });
      const examples = rareLives.map((life): [BrokerLife] => [life]);
      await fc.assert(property, { numRuns: Number(process.env.RUNS ?? 100), examples });
    });
  }
});

test("checkpoints, relocation and bodies that are on the disk alone were part of it", () => {
  const { checkpoints, relocations, bodiesRead } = seen;
  ok(checkpoints > 50 && relocations > 0 && bodiesRead > 50, JSON.stringify(seen));
});
