/** `npm run bench`: runs the scenarios one after the other and prints a table and JSON lines. */
import { writeFile } from "node:fs/promises";
import { Fault } from "@sluice/runtime";
import { readCommandLine } from "./command-line.ts";
import { fullEffort } from "./effort.ts";
import type { ProcessProfile } from "./entrant.ts";
import type { Figure } from "./figure.ts";
import { describeMachine, machineLine, machineLoad } from "./machine.ts";
import { inOwnProcesses } from "./process/children.ts";
import { Bench } from "./scenario.ts";
import { scenarios } from "./scenarios.ts";
import { profileTable, table } from "./table.ts";

const say = (text: string): void => void process.stdout.write(`${text}\n`);

async function main(): Promise<void> {
  const commandLine = readCommandLine(process.argv.slice(2), scenarios);
  const effort = fullEffort(commandLine.seconds, commandLine.profile);
  const machine = describeMachine();
  const figures: Figure[] = [];
  const profiles: ProcessProfile[] = [];
  const loads: string[] = [];
  const lines = [JSON.stringify({ machine, seconds: commandLine.seconds })];
  for (const { name, run } of commandLine.scenarios) {
    process.stderr.write(`${name} ...\n`);
    const load = machineLoad();
    loads.push(`${name} ${load}`);
    await using bench = new Bench(effort, inOwnProcesses);
    const outcome = await run(bench);
    figures.push(...outcome.figures);
    profiles.push(...outcome.profiles);
    for (const figure of outcome.figures) lines.push(JSON.stringify({ scenario: name, load, ...figure }));
  }
  say(`${machineLine(machine)}; median of ${effort.rounds} rounds of ${effort.roundSeconds} s`);
  say(`Load of the machine before each scenario: ${loads.join(", ")}\n`);
  say(table(figures));
  for (const profile of profiles) say(`\n${profileTable(profile)}`);
  const json = `${lines.join("\n")}\n`;
  if (commandLine.jsonPath === undefined) say(`\n${json}`);
  else await writeFile(commandLine.jsonPath, json);
}

try {
  await main();
} catch (error) {
  if (!(error instanceof Fault)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
