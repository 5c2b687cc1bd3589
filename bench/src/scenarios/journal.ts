/** The disk, and the journal on it. */
import { scaled } from "../effort.ts";
import type { Entrant } from "../entrant.ts";
import { appendBytes } from "../loads/journal-append.ts";
import { alone, type Bench, type Scenario } from "../scenario.ts";
import { perSecond, reading } from "../tally.ts";

/** Replaying says as much in three rounds as in five, and each takes as long as it takes. */
const replayRounds = 3;

export const disk: Scenario = {
  name: "disk",
  run: async (bench) => {
    const sync = await bench.load("raw-sync", {});
    return bench.contest([
      alone(sync, "1 process; 4 KiB written and synced, one after the other", [
        { figure: "bare disk, 4 KiB synced", unit: "syncs/s", read: perSecond },
        { figure: "bare disk, 4 KiB synced, p50", unit: "ms", read: reading("p50Ms") },
        { figure: "bare disk, 4 KiB synced, p99", unit: "ms", read: reading("p99Ms") },
      ]),
    ]);
  },
};

async function appends(bench: Bench, group: number): Promise<Entrant[]> {
  const journal = await bench.load("journal-append", { group });
  const bare = await bench.load("bare-log", { appendBytes: [appendBytes], batch: 1, lines: group });
  const against = `bare group commit, ${group} at a time`;
  const how = `1 process; synced; ${appendBytes} bytes an append, ${group} on their way`;
  const [unit, read] = ["appends/s", perSecond];
  return [
    alone(journal, how, [{ figure: `journal, ${group} at a time`, unit, read, against }]),
    alone(bare, how, [{ figure: against, unit, read }]),
  ];
}

export const journal: Scenario = {
  name: "journal",
  run: async (bench) => {
    const entrants: Entrant[] = [];
    for (const group of [1, 100, 1000]) entrants.push(...(await appends(bench, group)));
    return bench.contest(entrants);
  },
};

export const replay: Scenario = {
  name: "replay",
  run: async (bench) => {
    const count = scaled(1_000_000, bench.effort);
    const load = await bench.load("journal-replay", { count });
    const how = `1 process; ${count} appends of ${appendBytes} bytes, from the page cache`;
    return bench.contest(
      [alone(load, how, [{ figure: "journal, replay", unit: "appends/s", read: perSecond }])],
      replayRounds,
    );
  },
};
