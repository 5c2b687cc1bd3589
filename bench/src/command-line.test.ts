/** What may stand behind `npm run bench --`, and what a wrong word is told. */
import { deepEqual, equal, throws } from "node:assert/strict";
import { test } from "node:test";
import { readCommandLine } from "./command-line.ts";
import type { Scenario } from "./scenario.ts";

const scenario = (name: string): Scenario => ({ name, run: async () => ({ figures: [], profiles: [] }) });
const known = [scenario("rules"), scenario("disk")];

test("without anything: every scenario, five seconds a figure, no profile, JSON behind the table", () => {
  deepEqual(readCommandLine([], known), {
    scenarios: known,
    seconds: 5,
    jsonPath: undefined,
    profile: false,
  });
});

test("a choice of scenarios, in the order given", () => {
  const { scenarios } = readCommandLine(["--only", "disk,rules"], known);
  deepEqual(
    scenarios.map(({ name }) => name),
    ["disk", "rules"],
  );
});

test("seconds, a file and a profile", () => {
  const { seconds, jsonPath, profile } = readCommandLine(
    ["--seconds", "0.5", "--json", "a.jsonl", "--profile"],
    known,
  );
  equal(seconds, 0.5);
  equal(jsonPath, "a.jsonl");
  equal(profile, true);
});

for (const [given, sentence] of [
  [["--only", "speed"], /no scenario 'speed'; there are rules, disk/],
  [["--seconds", "soon"], /--seconds soon is no number above 0/],
  [["--seconds", "0"], /--seconds 0 is no number above 0/],
  [["--fast"], /--fast/],
] as const) {
  test(`${given.join(" ")}: refused with a sentence and the usage`, () => {
    throws(() => readCommandLine(given, known), { code: "bad-command-line", message: sentence });
    throws(() => readCommandLine(given, known), { message: /npm run bench -- \[--only/ });
  });
}
