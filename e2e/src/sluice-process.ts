/** A real Sluice process: started as a user starts it, on ports that the system chooses, killed as power cuts and operators kill. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";

const root = join(import.meta.dirname, "../..");

/** A line of the log. */
export type LogLine = Readonly<Record<string, unknown>> & { readonly msg?: string };

export class SluiceProcess implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #exit: Promise<{ readonly code: number | null; readonly signal: string | null }>;
  readonly log: LogLine[] = [];
  readonly errors: string[] = [];
  #ready = Promise.withResolvers<LogLine>();

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.#exit = once(child, "close").then(([code, signal]) => ({ code, signal }));
    if (child.stdout === null || child.stderr === null) throw new TypeError("the process has no pipes");
    createInterface({ input: child.stdout }).on("line", (text) => {
      const line = JSON.parse(text) as LogLine;
      this.log.push(line);
      if (line.msg === "ready") this.#ready.resolve(line);
    });
    createInterface({ input: child.stderr }).on("line", (text) => this.errors.push(text));
    this.#ready.promise.catch(() => undefined);
    void this.#exit.then(({ code, signal }) =>
      this.#ready.reject(
        new Error(`the process ended before it was ready (${code ?? signal}): ${this.errors.join("\n")}`),
      ),
    );
  }

  /** Starts a process without waiting until it is ready. */
  static spawn(environment: Readonly<Record<string, string>>): SluiceProcess {
    const child = spawn(process.execPath, ["sluice/src/main.ts"], {
      cwd: root,
      env: { PATH: process.env.PATH, HTTP_PORT: "0", TCP_PORT: "0", CHAT_HTTP_PORT: "0", ...environment },
      stdio: ["ignore", "pipe", "pipe"],
    });
    return new SluiceProcess(child);
  }

  /** Starts a process and waits until it says that it is ready. */
  static async start(environment: Readonly<Record<string, string>>): Promise<SluiceProcess> {
    const started = SluiceProcess.spawn(environment);
    await started.#ready.promise;
    return started;
  }

  /** Base address of HTTP, without a slash at its end. */
  async url(): Promise<string> {
    return String((await this.#ready.promise).http);
  }

  /** Base address of the port of chat. */
  async chatUrl(): Promise<string> {
    return String((await this.#ready.promise).chat);
  }

  async tcpPort(): Promise<number> {
    return Number(
      String((await this.#ready.promise).tcp)
        .split(":")
        .at(-1),
    );
  }

  /** Sends the signal and waits for the end. */
  async stop(
    signal: "SIGTERM" | "SIGKILL",
  ): Promise<{ readonly code: number | null; readonly signal: string | null }> {
    this.#child.kill(signal);
    return await this.#exit;
  }

  /** Waits for an end that comes by itself. */
  ended(): Promise<{ readonly code: number | null; readonly signal: string | null }> {
    return this.#exit;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop("SIGKILL");
  }
}
