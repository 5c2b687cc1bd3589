/**
 * The rules against the model. After each random command both must hold the same and have answered the same; before each restart and at
 * the end the fold of the journal and of a checkpoint must be the state.
 */
import { test } from "node:test";
import fc from "fast-check";
import { Pair } from "./pair.ts";
import { lives } from "./random-commands.ts";

test("random commands: the rules do what the model does, and recovery is the fold of the records", () => {
  const property = fc.property(lives, ({ commands, ...fixed }) => {
    const pair = new Pair(fixed);
    for (const command of commands) {
      pair.run(command);
      pair.compare();
    }
    pair.world.audit();
  });
  fc.assert(property, { numRuns: Number(process.env.RUNS ?? 600) });
});
