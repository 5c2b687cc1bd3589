#!/usr/bin/env node
/**
 * Checkout simulator: plays the shop behind the waiting room, from a process of its own, with nothing but HTTP.
 *
 * It reads QUEUE_READY, verifies the checkout token by the published keys, lets each customer think for a while, and publishes
 * CHECKOUT_COMPLETED, CHECKOUT_FAILED or CHECKOUT_EXPIRED. That frees the slot, and the waiting room admits the next.
 *
 *   npm start                                                  # Sluice, in one terminal
 *   node examples/checkout-simulator/main.ts                   # the shop, in another
 *   node examples/checkout-simulator/main.ts --help            # what can be set
 *
 * Needs Node 24, which `npm ci` brings along in `node_modules/.bin`.
 */
import { parseArgs } from "node:util";
import { systemClock, systemRandom } from "@sluice/runtime";
import { Shop, type ShopOptions } from "./shop.ts";

const help = `Plays the shop behind the waiting room.

Usage: node examples/checkout-simulator/main.ts [options]

  --url <url>          where Sluice listens (default http://127.0.0.1:8080)
  --think <seconds>    how long a customer takes on average (default 2)
  --completed <share>  share of the checkouts that are paid, 0 to 1 (default 0.8)
  --failed <share>     share that fails, 0 to 1 (default 0.15); the rest expires
  --count <number>     stop after so many checkouts (default: go on until Ctrl-C)
  --help               this text
`;

const { values } = parseArgs({
  options: {
    url: { type: "string", default: "http://127.0.0.1:8080" },
    think: { type: "string", default: "2" },
    completed: { type: "string", default: "0.8" },
    failed: { type: "string", default: "0.15" },
    count: { type: "string", default: "Infinity" },
    help: { type: "boolean", default: false },
  },
});

if (values.help) process.stdout.write(help);
else await run(read());

/** The options as numbers in their bounds; ends the program with a sentence when one is not. */
function read(): ShopOptions {
  const share = (name: "completed" | "failed"): number => number(name, 0, 1);
  const [completed, failed] = [share("completed"), share("failed")];
  if (completed + failed > 1) stop("--completed and --failed together must not be more than 1");
  if (!URL.canParse(values.url)) stop(`--url is not an address: ${values.url}`);
  return {
    url: values.url,
    thinkMs: number("think", 0, 3600) * 1000,
    shares: { completed, failed },
    countMax: number("count", 1, Number.POSITIVE_INFINITY),
    clock: systemClock,
    random: systemRandom,
    say: (line) => process.stdout.write(`${line}\n`),
  };
}

function number(name: "think" | "completed" | "failed" | "count", least: number, most: number): number {
  const value = Number(values[name]);
  if (!(value >= least && value <= most))
    stop(`--${name} must be a number from ${least} to ${most}, not ${values[name]}`);
  return value;
}

function stop(sentence: string): never {
  process.stderr.write(`${sentence}; see --help\n`);
  process.exit(2);
}

async function run(options: ShopOptions): Promise<void> {
  const closing = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => closing.abort());
  await new Shop(options).run(closing.signal);
}
