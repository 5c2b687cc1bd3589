/** A real Sluice process: started as a user starts it, on ports that the system chooses, killed as power cuts and operators kill. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Change } from "./change.ts";

const root = join(import.meta.dirname, "../..");

/** Starting is most of what these tests wait for, and half of that is stripping and compiling the same files again. */
const compileCache = join(root, "node_modules/.cache/compile");

/** A test that fails to end its process does not hang for ever. */
const lifetimeMaxMs = 10 * 60_000;

/** A line of the log. */
export type LogLine = Readonly<Record<string, unknown>> & { readonly msg?: string };

/** How a process ended: its exit code, or the signal that ended it. */
export interface Ending {
  readonly code: number | null;
  readonly signal: string | null;
}

/** Where a running process answers. */
export interface Addresses {
  /** Without a slash at the end. */
  readonly http: string;
  /** Empty where chat does not run. */
  readonly chat: string;
  readonly tcpPort: number;
}

export class SluiceProcess implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #ending: Promise<Ending>;
  readonly #change = new Change();
  #ended = false;
  /** What it has written to standard output, line by line. */
  readonly log: LogLine[] = [];
  /** What it has written to standard error. */
  readonly errors: string[] = [];

  private constructor(child: ChildProcess) {
    this.#child = child;
    if (child.stdout === null || child.stderr === null) throw new TypeError("the process has no pipes");
    createInterface({ input: child.stdout }).on("line", (text) => {
      this.#read(text);
      this.#change.notify();
    });
    createInterface({ input: child.stderr }).on("line", (text) => this.errors.push(text));
    this.#ending = once(child, "close").then(([code, signal]) => {
      this.#ended = true;
      this.#change.notify();
      return { code, signal };
    });
  }

  /**
   * Starts a process without waiting until it is ready. `environment` is all that it inherits beside PATH; ports are 0 unless given.
   */
  static spawn(environment: Readonly<Record<string, string>>): SluiceProcess {
    const child = spawn(process.execPath, ["sluice/src/main.ts"], {
      cwd: root,
      env: {
        PATH: process.env.PATH,
        NODE_COMPILE_CACHE: compileCache,
        HTTP_PORT: "0",
        TCP_PORT: "0",
        CHAT_HTTP_PORT: "0",
        ...environment,
      },
      stdio: ["ignore", "pipe", "pipe"],
      timeout: lifetimeMaxMs,
      killSignal: "SIGKILL",
    });
    return new SluiceProcess(child);
  }

  /** Starts a process and waits until it says that it is ready. */
  static async start(environment: Readonly<Record<string, string>>): Promise<SluiceProcess> {
    const started = SluiceProcess.spawn(environment);
    await started.addresses();
    return started;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Waits until the process says that it is ready. Rejects when it ends before. */
  async addresses(): Promise<Addresses> {
    const ready = await this.logged("ready");
    return {
      http: String(ready.http),
      chat: String(ready.chat ?? ""),
      tcpPort: Number(String(ready.tcp).split(":").at(-1)),
    };
  }

  /** The first line of the log with this text, once it is there. Rejects when the process ends without having written it. */
  async logged(msg: string): Promise<LogLine> {
    for (;;) {
      const line = this.log.find((each) => each.msg === msg);
      if (line !== undefined) return line;
      await this.#more(`"${msg}"`);
    }
  }

  /** Waits for the first line of the log. Rejects when the process ends without one. */
  async said(): Promise<void> {
    while (this.log.length === 0) await this.#more("a word");
  }

  /** Sends the signal and does not wait. */
  signal(signal: "SIGTERM" | "SIGKILL" | "SIGSTOP" | "SIGCONT" | "SIGHUP"): void {
    this.#child.kill(signal);
  }

  /** Sends the signal and waits for the end. */
  stop(signal: "SIGTERM" | "SIGKILL"): Promise<Ending> {
    this.signal(signal);
    return this.#ending;
  }

  /** Waits for an end that comes by itself. */
  ended(): Promise<Ending> {
    return this.#ending;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop("SIGKILL");
  }

  #read(text: string): void {
    try {
      this.log.push(JSON.parse(text) as LogLine);
    } catch {
      this.errors.push(`not a line of a log: ${text}`);
    }
  }

  async #more(awaited: string): Promise<void> {
    if (this.#ended) {
      const { code, signal } = await this.#ending;
      throw new Error(`ended (${code ?? signal}) without saying ${awaited}: ${this.errors.join("\n")}`);
    }
    await this.#change.next();
  }
}
