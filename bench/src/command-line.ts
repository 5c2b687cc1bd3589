/** What `npm run bench -- ...` understands. */
import { parseArgs } from "node:util";
import { Fault } from "@sluice/runtime";
import type { Scenario } from "./scenario.ts";

export interface CommandLine {
  readonly scenarios: readonly Scenario[];
  /** Measured time of each figure, in seconds. Default 5. */
  readonly seconds: number;
  /** Where the JSON lines go; absent: behind the table. */
  readonly jsonPath: string | undefined;
  readonly profile: boolean;
}

const secondsDefault = 5;

const usage = `npm run bench -- [--only <scenario>[,<scenario>...]] [--seconds <of each figure>] [--json <file>] [--profile]
TMPDIR chooses the disk.`;

/** @throws Fault `bad-command-line` with a sentence and the usage. */
export function readCommandLine(given: readonly string[], known: readonly Scenario[]): CommandLine {
  const { only, seconds: secondsText, json, profile } = parse(given);
  const seconds = secondsText === undefined ? secondsDefault : Number(secondsText);
  if (!(seconds > 0)) throw bad(`--seconds ${secondsText} is no number above 0.`);
  const names = only?.split(",") ?? known.map(({ name }) => name);
  const scenarios = names.map((name) => {
    const scenario = known.find((each) => each.name === name);
    if (scenario !== undefined) return scenario;
    throw bad(`There is no scenario '${name}'; there are ${known.map((each) => each.name).join(", ")}.`);
  });
  return { scenarios, seconds, jsonPath: json, profile: profile ?? false };
}

function parse(given: readonly string[]) {
  try {
    return parseArgs({
      args: [...given],
      options: {
        only: { type: "string" },
        seconds: { type: "string" },
        json: { type: "string" },
        profile: { type: "boolean" },
      },
    }).values;
  } catch (error) {
    throw bad(error instanceof Error ? error.message : String(error));
  }
}

const bad = (sentence: string): Fault => new Fault("bad-command-line", `${sentence}\n${usage}`);
