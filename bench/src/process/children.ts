/** Starts servers and loads in processes of their own, so that each has its own core time, its own heap and its own compiled code. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { assert, Fault } from "@sluice/runtime";
import type { Answers, Assignment, ChildMessage, Question } from "./messages.ts";
import type { Place, Running, RunningServer } from "./running.ts";

const program = join(import.meta.dirname, "child.ts");

class Child implements Running {
  readonly #process: ChildProcess;
  readonly #title: string;
  readonly #exit: Promise<unknown>;
  #waiting: PromiseWithResolvers<ChildMessage> | undefined;

  constructor(assignment: Assignment) {
    this.#title = `${assignment.kind} ${assignment.name}`;
    this.#process = fork(program, [JSON.stringify(assignment)], {
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    this.#exit = once(this.#process, "exit");
    this.#process.on("message", (message: ChildMessage) => this.#heard(message));
    this.#process.on("exit", (code, signal) => {
      this.#waiting?.reject(new Fault("child-ended", `${this.#title} ended by itself (${code ?? signal}).`));
    });
  }

  /** Where it listens, once it runs; undefined for a load. */
  async started(): Promise<number | undefined> {
    const message = await this.#next();
    assert(message.say === "running", "a child begins by saying that it runs");
    return message.port;
  }

  async ask<Ask extends keyof Answers>(question: Question & { readonly ask: Ask }): Promise<Answers[Ask]> {
    const answered = this.#next();
    this.#process.send(question);
    const message = await answered;
    assert(message.say === "answer", "a child answers what it was asked");
    return message.answer as Answers[Ask];
  }

  cpuSeconds = () => this.ask({ ask: "cpu" });
  stopProfile = () => this.ask({ ask: "stop-profile" });

  async startProfile(): Promise<void> {
    await this.ask({ ask: "start-profile" });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode === null && this.#process.signalCode === null) await this.ask({ ask: "end" });
    await this.#exit;
  }

  #next(): Promise<ChildMessage> {
    assert(this.#waiting === undefined, "a child is asked one thing at a time");
    this.#waiting = Promise.withResolvers();
    return this.#waiting.promise;
  }

  #heard(message: ChildMessage): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (message.say === "failed") {
      waiting?.reject(new Fault("child-failed", `${this.#title} failed: ${message.reason}`));
    } else waiting?.resolve(message);
  }
}

export const inOwnProcesses: Place = {
  server: async (name, options) => {
    const child = new Child({ kind: "server", name, options });
    const port = await child.started();
    assert(port !== undefined, "a server has a port");
    return listening(child, port);
  },
  load: async (name, options) => {
    const child = new Child({ kind: "load", name, options });
    await child.started();
    return Object.assign(child, { round: (seconds: number) => child.ask({ ask: "round", seconds }) });
  },
};

const listening = (child: Child, port: number): RunningServer => Object.assign(child, { port });
