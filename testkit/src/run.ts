/**
 * `npm run sim -- --seeds 10000` and `npm run e2e -- --kills 100`: the simulations and the end-to-end proof, with more of it than in `npm test`.
 * `--seed N` replays one seed.
 */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { parseArgs } from "node:util";

const runs = {
  sim: "{packages,services}/**/{*simulation*,*.sim}.test.ts",
  e2e: "e2e/**/*.test.ts",
} as const;

/** Flags by the variable of the environment that tells the tests. */
const variables = { seeds: "SEEDS", seed: "SEED", kills: "KILLS" } as const;

const usage = "Usage: npm run sim -- [--seeds N] [--seed N]\n       npm run e2e -- [--kills N] [--seed N]\n";

function giveUp(sentence: string): never {
  process.stderr.write(`${sentence}\n${usage}`);
  process.exit(2);
}

function readArguments() {
  const text = { type: "string" } as const;
  try {
    return parseArgs({ allowPositionals: true, options: { seeds: text, seed: text, kills: text } });
  } catch (error) {
    return giveUp(error instanceof Error ? error.message : String(error));
  }
}

const { positionals, values } = readArguments();
const [name] = positionals;
if (name !== "sim" && name !== "e2e") giveUp(`There is no run '${name ?? ""}'.`);
const environment: NodeJS.Dict<string> = { ...process.env };
for (const [flag, variable] of Object.entries(variables)) {
  const value = values[flag as keyof typeof variables];
  if (value === undefined) continue;
  if (!/^[1-9]\d*$/.test(value)) giveUp(`--${flag} is ${value}; it may be a whole number from 1.`);
  environment[variable] = value;
}
const { status } = spawnSync(process.execPath, ["--test", "--test-timeout=36000000", runs[name]], {
  cwd: join(import.meta.dirname, "../.."),
  env: environment,
  stdio: "inherit",
});
process.exit(status ?? 1);
