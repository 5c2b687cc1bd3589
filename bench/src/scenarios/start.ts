/** From the start of the whole process until it is ready: with nothing, and with a backlog that has to be read back. */
import { scaled } from "../effort.ts";
import { alone, type Scenario } from "../scenario.ts";
import { reading } from "../tally.ts";

/** A start takes as long as it takes, and three say as much as five. */
const roundsMax = 3;
const mebibyte = 1024 * 1024;

export const start: Scenario = {
  name: "start",
  run: async (bench) => {
    const waiting = scaled(1_000_000, bench.effort);
    const [read, unit] = [reading("readyMs"), "ms"];
    const empty = await bench.load("process-start", { program: "sluice", waiting: 0 });
    const full = await bench.load("process-start", { program: "sluice", waiting });
    const nothing = await bench.load("process-start", { program: "nothing", waiting: 0 });
    const against = "node with an empty script, start to end";
    const backlog = `a backlog of ${waiting} messages of 128 bytes`;
    const resident = (name: string) => (tally: Parameters<typeof read>[0]) => reading(name)(tally) / mebibyte;
    const outcome = await bench.contest(
      [
        alone(empty, "one process with everything, empty data directory", [
          {
            figure: "start to ready, empty",
            unit,
            read,
            against,
            floor: { bound: "at most", value: 1500 },
          },
          { figure: "resident memory when ready, empty", unit: "MiB", read: resident("residentBytes") },
        ]),
        alone(full, `one process with everything, ${backlog}, files in the page cache`, [
          { figure: "start to ready, backlog", unit, read, floor: { bound: "at most", value: 5000 } },
          {
            figure: "resident memory of a waiting message with its body",
            unit: "bytes",
            read: reading("residentBytesPerMessage"),
          },
        ]),
        alone(nothing, "node -e 0", [{ figure: against, unit, read }]),
      ],
      roundsMax,
    );
    return outcome;
  },
};
