/** From the start of a process until it is ready, its memory then and its CPU so far: a whole Sluice, its broker alone, or Node with nothing to do. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { noAttributes } from "@sluice/broker";
import { Fault } from "@sluice/runtime";
import { cpuSecondsOf, residentBytesOf } from "../process/by-id.ts";
import type { Load } from "../process/runner.ts";
import type { Tally } from "../tally.ts";
import { answered } from "./answered.ts";
import { openBrokerAt } from "./open-broker.ts";
import { bodies } from "./payload.ts";
import { RoundTime } from "./round-time.ts";
import { makeScratch } from "./scratch.ts";

export interface ProcessStartOptions {
  readonly program: "everything" | "broker" | "nothing";
  /** Messages that wait in its data directory. */
  readonly waiting: number;
}

const sluiceProgram = fileURLToPath(new URL("main.ts", import.meta.resolve("@sluice/sluice")));
/** Messages of one send, and sends under way at once: a backlog comes in many appends. */
const fillBatch = 100;
const fillLines = 16;

export async function openProcessStart({ program, waiting }: ProcessStartOptions): Promise<Load> {
  const scratch = await makeScratch();
  const dataDirectory = join(scratch.path, "data");
  if (waiting > 0) await fill(join(dataDirectory, "journal"), waiting);
  return {
    round: () => (program === "nothing" ? startNothing() : startSluice(program, dataDirectory)),
    [Symbol.asyncDispose]: () => scratch[Symbol.asyncDispose](),
  };
}

async function fill(path: string, count: number): Promise<void> {
  // What a checkpoint holds comes back without its body: so every body is read into memory.
  await using broker = await openBrokerAt(path, { checkpoints: { everyBytes: Number.POSITIVE_INFINITY } });
  const messages = bodies(fillBatch).map((body) => ({ body, attributes: noAttributes }));
  let sent = 0;
  const line = async (): Promise<void> => {
    while (sent < count) {
      const some = messages.slice(0, count - sent);
      sent += some.length;
      answered(await broker.send({ queue: "bench", messages: some }));
    }
  };
  await Promise.all(Array.from({ length: fillLines }, line));
}

async function startNothing(): Promise<Tally> {
  const time = new RoundTime(0);
  await once(spawn(process.execPath, ["-e", "0"], { stdio: "ignore" }), "exit");
  const { elapsedMs } = time;
  return { operations: 1, elapsedMs, readings: { readyMs: elapsedMs } };
}

async function startSluice(program: "everything" | "broker", dataDirectory: string): Promise<Tally> {
  const parts = program === "broker" ? { PARTS: "broker" } : {};
  const ports = { HTTP_PORT: "0", TCP_PORT: "0", CHAT_HTTP_PORT: "0" };
  const time = new RoundTime(0);
  const child = spawn(process.execPath, [sluiceProgram], {
    // Not in the checkout, where a `.env` may lie.
    cwd: join(dataDirectory, ".."),
    env: { PATH: process.env.PATH, DATA_DIR: dataDirectory, MEMORY_BUDGET_BYTES: "8G", ...ports, ...parts },
    stdio: ["ignore", "pipe", "inherit"],
  });
  await ready(child);
  const { elapsedMs } = time;
  const { pid } = child;
  const resident = pid === undefined ? undefined : await residentBytesOf(pid);
  const cpu = pid === undefined ? undefined : await cpuSecondsOf(pid);
  child.kill("SIGTERM");
  await once(child, "exit");
  return {
    operations: 1,
    elapsedMs,
    readings: { readyMs: elapsedMs, ...(resident === undefined ? {} : { residentBytes: resident }) },
    ...(cpu === undefined ? {} : { cpuSeconds: { sluice: cpu } }),
  };
}

/** Resolves at the line of the log that says so. */
function ready(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    if (child.stdout === null) return reject(new TypeError("the process has no pipe"));
    createInterface({ input: child.stdout })
      .on("line", (line) => {
        if (line.includes('"msg":"ready"')) resolve();
      })
      .on("close", () =>
        reject(new Fault("not-ready", `The process ${child.pid} ended before it was ready.`)),
      );
  });
}
