/** How rounds become figures: whose turn it is, the middle of the rounds, and ratios of neighbours in time. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { test } from "node:test";
import { contest } from "./contest.ts";
import type { Effort } from "./effort.ts";
import type { Entrant } from "./entrant.ts";
import { type Figure, type FigurePlan, holdsFloor } from "./figure.ts";
import type { Running } from "./process/running.ts";
import { table } from "./table.ts";
import { perSecond, reading } from "./tally.ts";

const effort: Effort = { roundSeconds: 1, rounds: 3, warmUp: true, scale: 1, profile: false };

/** A process that has used half a second more of CPU each time it is asked. */
function process(): Running {
  let seconds = 0;
  return {
    cpuSeconds: async () => (seconds += 0.5),
    startProfile: async () => {},
    stopProfile: async () => [{ name: "decide", place: "rules.ts:1", share: 1 }],
    [Symbol.asyncDispose]: async () => {},
  };
}

/** An entrant that does so many operations a second in each of its rounds, the first of which warms up. */
function entrant(
  name: string,
  rates: readonly number[],
  turns: string[],
  plan: Partial<FigurePlan> = {},
): Entrant {
  let round = 0;
  return {
    how: "by heart",
    processes: { server: process() },
    round: async (seconds) => {
      turns.push(name);
      return {
        operations: (rates[round++] ?? 0) * seconds,
        elapsedMs: seconds * 1000,
        readings: { p99Ms: round },
      };
    },
    figures: [{ figure: name, unit: "messages/s", read: perSecond, ...plan }],
  };
}

test("entrants take turns, in the opposite order every other time, after one round that does not count", async () => {
  const turns: string[] = [];
  const { figures } = await contest(effort, [
    entrant("a", [999, 1, 3, 2], turns),
    entrant("b", [999, 5, 5, 8], turns),
  ]);
  deepEqual(turns, ["a", "b", "a", "b", "b", "a", "a", "b"]);
  deepEqual(
    figures.map(({ figure, value, least, most, rounds }) => ({ figure, value, least, most, rounds })),
    [
      { figure: "a", value: 2, least: 1, most: 3, rounds: [1, 3, 2] },
      { figure: "b", value: 5, least: 5, most: 8, rounds: [5, 5, 8] },
    ],
  );
});

test("what is compared is each round with its neighbour, not one median with the other", async () => {
  const own = entrant("own", [0, 10, 40, 90], [], { against: "bare" });
  const { figures } = await contest(effort, [own, entrant("bare", [0, 20, 400, 100], [])]);
  deepEqual(figures[0]?.comparedWith, { figure: "bare", ratio: 0.5, ratioLeast: 0.1, ratioMost: 0.9 });
});

test("CPU is that of the measured rounds, in all and for each operation", async () => {
  const { figures } = await contest(effort, [entrant("a", [0, 1, 2, 3], [])]);
  deepEqual(figures[0]?.cpu, [{ process: "server", seconds: 1.5, microsecondsPerOperation: 250_000 }]);
});

test("fewer rounds for work whose length is not ours to choose", async () => {
  const { figures } = await contest(effort, [entrant("a", [0, 1, 2, 3], [])], 2);
  deepEqual(figures[0]?.rounds, [1, 2]);
});

test("a process that cannot be sampled has no profile", async () => {
  const theirs = { ...process(), stopProfile: async () => [] };
  const both = { ...entrant("a", [], []), processes: { server: theirs, generator: process() } };
  const { profiles } = await contest({ ...effort, profile: true }, [both]);
  deepEqual(
    profiles.map((profile) => profile.process),
    ["generator"],
  );
});

test("a profile is told for each process of each entrant", async () => {
  const { profiles } = await contest({ ...effort, profile: true }, [
    entrant("a", [], []),
    entrant("b", [], []),
  ]);
  deepEqual(
    profiles.map(({ figure, process, frames }) => [figure, process, frames[0]?.name]),
    [
      ["a", "server", "decide"],
      ["b", "server", "decide"],
    ],
  );
});

test("what is not installed has no rounds, and its figure says so", async () => {
  const turns: string[] = [];
  const missing = {
    ...entrant("theirs", [], turns, { against: "ours" }),
    absent: "theirs is not on the PATH",
  };
  const { figures } = await contest(effort, [entrant("ours", [0, 1, 2, 3], turns), missing]);
  deepEqual(turns, ["ours", "ours", "ours", "ours"]);
  const [ours, theirs] = figures;
  equal(ours?.value, 2);
  deepEqual([theirs?.value, theirs?.rounds, theirs?.absent], [Number.NaN, [], "theirs is not on the PATH"]);
  const row = table(figures).split("\n").at(-1) ?? "";
  match(
    row,
    /^\| theirs +\| not installed here \| messages\/s \| +- \| - .*\| theirs is not on the PATH \|$/,
  );
});

test("a reading is a figure like any other", async () => {
  const { figures } = await contest(effort, [entrant("a", [], [], { read: reading("p99Ms") })]);
  equal(figures[0]?.value, 3);
});

const figure = (value: number, change: Partial<Figure> = {}): Figure => ({
  figure: "a",
  unit: "messages/s",
  value,
  least: value,
  most: value,
  rounds: [value],
  how: "by heart",
  cpu: [],
  ...change,
});
const half = { figure: "b", ratio: 0.5, ratioLeast: 0.4, ratioMost: 0.6 };

for (const [what, given, held] of [
  ["a floor that is reached", figure(100, { floor: { bound: "at least", value: 100 } }), true],
  ["a floor that is not", figure(99, { floor: { bound: "at least", value: 100 } }), false],
  ["a ceiling that is kept", figure(2, { floor: { bound: "at most", value: 2 } }), true],
  ["a ceiling that is not", figure(2.1, { floor: { bound: "at most", value: 2 } }), false],
  [
    "a floor of the baseline, whatever the value",
    figure(1, { floor: { bound: "at least", value: 0.6, ofBaseline: true }, comparedWith: half }),
    false,
  ],
  ["no floor", figure(1), undefined],
] as const) {
  test(`${what}: ${held ?? "nothing to hold"}`, () => equal(holdsFloor(given), held));
}

test("the table says what a reader needs to judge a figure", () => {
  const cpu = [{ process: "server", seconds: 1.234, microsecondsPerOperation: 2.345 }];
  const floor = { bound: "at least", value: 0.6, ofBaseline: true } as const;
  const [, , row = "", second = ""] = table([
    figure(1234.5, { least: 0.123, most: 9876, cpu, floor, comparedWith: half }),
    figure(1, { figure: "b", cpu, floor: { bound: "at least", value: 0.6 } }),
  ]).split("\n");
  const cells = (line: string): string[] => line.split("|").map((cell) => cell.trim());
  deepEqual(cells(row).slice(1, -1), [
    "a",
    "1,230",
    "messages/s",
    "0.123 to 9,880",
    "50 % of b (40 % to 60 %)",
    "at least 60 %: missed",
    "server 1.23 s, 2.35 µs each",
    "by heart",
  ]);
  deepEqual(cells(second).slice(6, -1), ["at least 0.6: held", '"', '"']);
  ok(row.length === second.length);
});
