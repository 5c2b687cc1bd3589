/**
 * The process of a part: started, waited for until it says that it is ready, killed by its id. Its data is thrown away with it, so that nothing
 * has to be brought to an end; and it does not outlive the process that started it, however that one ends.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { Fault, systemClock } from "@sluice/runtime";
import { onPath } from "./on-path.ts";

export interface PartProcessOptions {
  readonly program: string;
  readonly parameters: readonly string[];
  readonly cwd: string;
  /** The line of its output by which it says that it can be used. */
  readonly ready: RegExp;
  /** How long that may take. */
  readonly patienceMs: number;
}

/** Last lines of its output, for the fault when it does not start. */
const linesKept = 20;

export class PartProcess implements AsyncDisposable {
  readonly pid: number;
  /** All that it had said when it was ready. */
  readonly startOutput: string;
  readonly #child: ChildProcess;
  readonly #exit: Promise<unknown>;

  private constructor(child: ChildProcess, pid: number, startOutput: string, exit: Promise<unknown>) {
    this.#child = child;
    this.pid = pid;
    this.startOutput = startOutput;
    this.#exit = exit;
  }

  /** @throws Fault `part-ended` or `part-not-ready` with the last that it said. */
  static async start(options: PartProcessOptions): Promise<PartProcess> {
    const [program, ...parameters] = await withThisProcess([options.program, ...options.parameters]);
    const child = spawn(program, parameters, { cwd: options.cwd, stdio: ["ignore", "pipe", "pipe"] });
    const exit = once(child, "exit");
    const killedWithUs = (): void => void child.kill("SIGKILL");
    process.once("exit", killedWithUs);
    const ended = exit.finally(() => process.off("exit", killedWithUs));
    try {
      const output = await untilReady(child, ended, options);
      return new PartProcess(child, child.pid ?? 0, output, ended);
    } catch (error) {
      child.kill("SIGKILL");
      await ended.catch(() => {});
      throw error;
    }
  }

  /** Kills it and waits until it is gone. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#exit;
  }
}

/** Linux ends a process with the one that started it, if it is asked to: a test that is killed then leaves nothing behind. */
async function withThisProcess(
  command: readonly [string, ...string[]],
): Promise<readonly [string, ...string[]]> {
  const setpriv = process.platform === "linux" ? await onPath("setpriv") : undefined;
  return setpriv === undefined ? command : [setpriv, "--pdeathsig", "KILL", "--", ...command];
}

/** Resolves with what it has said by then. */
function untilReady(
  child: ChildProcess,
  ended: Promise<unknown>,
  { program, ready, patienceMs }: PartProcessOptions,
): Promise<string> {
  const lines: string[] = [];
  const last = (): string => lines.slice(-linesKept).join("\n");
  return new Promise<string>((resolve, reject) => {
    const limit = systemClock.after(patienceMs, () => {
      const sentence = `${program} was not ready after ${patienceMs} ms. It said:\n${last()}`;
      reject(new Fault("part-not-ready", sentence));
    });
    const heard = (line: string): void => {
      lines.push(line);
      if (!ready.test(line)) return;
      limit[Symbol.dispose]();
      resolve(lines.join("\n"));
    };
    for (const stream of [child.stdout, child.stderr]) {
      if (stream !== null) createInterface({ input: stream }).on("line", heard);
    }
    const endedEarly = (cause?: unknown): void => {
      limit[Symbol.dispose]();
      const why = cause instanceof Error ? cause.message : `It said:\n${last()}`;
      reject(new Fault("part-ended", `${program} ended before it was ready. ${why}`, { cause }));
    };
    ended.then(() => setImmediate(endedEarly), endedEarly);
  });
}
