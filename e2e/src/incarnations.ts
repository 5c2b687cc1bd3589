/** One Sluice over many processes: started on the same data again and again, ended in the way that the test wants. */
import { deepEqual, equal } from "node:assert/strict";
import { HttpClient } from "./http-client.ts";
import { type Ending, type LogLine, SluiceProcess } from "./sluice-process.ts";

/** One process in the row, as its clients see it. */
export interface Incarnation {
  /** From 0. */
  readonly number: number;
  readonly http: HttpClient;
  readonly chat: HttpClient;
  readonly httpUrl: string;
  readonly chatUrl: string;
  readonly tcpPort: number;
  readonly deliveryMode: "broadcast" | "queue";
  /** How it is being ended, once it is: from then on its clients must expect everything. */
  readonly ending: "kill" | "terminate" | undefined;
}

interface Running extends Incarnation {
  readonly process: SluiceProcess;
  ending: "kill" | "terminate" | undefined;
}

export interface IncarnationsOptions {
  /** What the log may say as an error. Anything else fails the test. */
  readonly mayBeSaid?: RegExp;
  /** Further settings of the processes. */
  readonly environment?: Readonly<Record<string, string>>;
}

export class Incarnations implements AsyncDisposable {
  readonly #dataDirectory: string;
  readonly #options: IncarnationsOptions;
  #count = 0;
  readonly #log: LogLine[] = [];
  #running: Running | undefined;

  constructor(dataDirectory: string, options: IncarnationsOptions = {}) {
    this.#dataDirectory = dataDirectory;
    this.#options = options;
  }

  /** Starts the next process. The delivery mode alternates, so that both meet the data that the other left behind. */
  async start(): Promise<Incarnation> {
    const number = this.#count++;
    const deliveryMode = number % 2 === 0 ? "broadcast" : "queue";
    const process = await SluiceProcess.start({
      DATA_DIR: this.#dataDirectory,
      DELIVERY_MODE: deliveryMode,
      ...this.#options.environment,
    });
    const { http, chat, tcpPort } = await process.addresses();
    this.#running = {
      process,
      number,
      http: new HttpClient(http),
      chat: new HttpClient(chat),
      httpUrl: http,
      chatUrl: chat,
      tcpPort,
      deliveryMode,
      ending: undefined,
    };
    return this.#running;
  }

  /** Starts a process and kills it as soon as it says something: before it is ready, while it recovers. */
  async startInVain(): Promise<void> {
    const process = SluiceProcess.spawn({ DATA_DIR: this.#dataDirectory });
    await process.said();
    await process.stop("SIGKILL");
  }

  /** `kill -9`, at this very moment. */
  async kill(): Promise<void> {
    await this.#end("kill", "SIGKILL");
  }

  /** SIGTERM. Resolves with how the process ended by itself. */
  terminate(): Promise<Ending> {
    return this.#end("terminate", "SIGTERM");
  }

  /** Waits until the process that runs says this. */
  async logged(msg: string): Promise<void> {
    await this.#running?.process.logged(msg);
  }

  /** What all processes together have written to their logs, up to now. */
  get log(): readonly LogLine[] {
    return [...this.#log, ...(this.#running?.process.log ?? [])];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#running?.process[Symbol.asyncDispose]();
  }

  async #end(ending: "kill" | "terminate", signal: "SIGKILL" | "SIGTERM"): Promise<Ending> {
    const running = this.#running;
    if (running === undefined) throw new Error("no process is running");
    this.#running = undefined;
    running.ending = ending;
    const ended = await running.process.stop(signal);
    this.#log.push(...running.process.log);
    this.#expectNoComplaint(running.process);
    return ended;
  }

  /** Fails when the process has said that something went wrong: a load that is right gives it no reason to. */
  #expectNoComplaint({ log, errors }: SluiceProcess): void {
    deepEqual(errors, [], "nothing on standard error");
    const wrong = log.filter(
      ({ level, msg = "" }) =>
        (level === "error" || level === "fatal") && this.#options.mayBeSaid?.test(msg) !== true,
    );
    equal(wrong.length, 0, `the log complains: ${JSON.stringify(wrong.slice(0, 3))}`);
  }
}
