/**
 * The rules against the model. After each random command both must hold the same and have answered the same, and the fold of the
 * journal must be the state. Restarts come in between.
 */
import { test } from "node:test";
import fc from "fast-check";
import { commands, Pair } from "./random-commands.ts";

test("random commands: the rules do what the model does, and recovery is the fold of the records", () => {
  const property = fc.property(commands, (list) => {
    const pair = new Pair();
    for (const command of list) {
      pair.run(command);
      pair.compare();
    }
  });
  fc.assert(property, { numRuns: Number(process.env.RUNS ?? 300) });
});
