/** From the start of a process until it is ready, its memory then and its CPU so far: a whole Sluice, or Node with nothing to do. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { noAttributes } from "@sluice/broker";
import { Fault } from "@sluice/runtime";
import type { Load } from "../process/runner.ts";
import type { Tally } from "../tally.ts";
import { answered } from "./answered.ts";
import { openBrokerAt } from "./open-broker.ts";
import { bodies } from "./payload.ts";
import { RoundTime } from "./round-time.ts";
import { makeScratch } from "./scratch.ts";

export interface ProcessStartOptions {
  readonly program: "sluice" | "nothing";
  /** Messages that wait in its data directory. */
  readonly waiting: number;
}

const sluiceProgram = fileURLToPath(new URL("main.ts", import.meta.resolve("@sluice/sluice")));
/** Messages of one send, and sends under way at once: a backlog comes in many appends. */
const fillBatch = 100;
const fillLines = 16;
const kibibyte = 1024;
/** Ticks of a second in `/proc/<pid>/stat`: fixed for programs, whatever the kernel runs at (proc_pid_stat(5), USER_HZ). */
const ticksPerSecond = 100;

export async function openProcessStart({ program, waiting }: ProcessStartOptions): Promise<Load> {
  const scratch = await makeScratch();
  const dataDirectory = join(scratch.path, "data");
  if (waiting > 0) await fill(join(dataDirectory, "journal"), waiting);
  return {
    round: () => (program === "nothing" ? startNothing() : startSluice(dataDirectory)),
    [Symbol.asyncDispose]: () => scratch[Symbol.asyncDispose](),
  };
}

async function fill(path: string, count: number): Promise<void> {
  await using broker = await openBrokerAt(path);
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

async function startSluice(dataDirectory: string): Promise<Tally> {
  const ports = { HTTP_PORT: "0", TCP_PORT: "0", CHAT_HTTP_PORT: "0" };
  const time = new RoundTime(0);
  const child = spawn(process.execPath, [sluiceProgram], {
    // Not in the checkout, where a `.env` may lie.
    cwd: join(dataDirectory, ".."),
    env: { PATH: process.env.PATH, DATA_DIR: dataDirectory, MEMORY_BUDGET_BYTES: "8G", ...ports },
    stdio: ["ignore", "pipe", "inherit"],
  });
  await ready(child);
  const { elapsedMs } = time;
  const { pid } = child;
  const resident = pid === undefined ? undefined : await residentBytes(pid);
  const cpu = pid === undefined ? undefined : await cpuSeconds(pid);
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

/** Physical memory of a process, or undefined where the system has no `/proc`. */
async function residentBytes(pid: number): Promise<number | undefined> {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
  return kibibytes === undefined ? undefined : Number(kibibytes) * kibibyte;
}

/** CPU of a process so far, or undefined where the system has no `/proc`. */
async function cpuSeconds(pid: number): Promise<number | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  // Behind the name, which may hold anything: state is the third field of the line, utime the fourteenth, stime the fifteenth.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const ticks = Number(fields[11]) + Number(fields[12]);
  return Number.isNaN(ticks) ? undefined : ticks / ticksPerSecond;
}
