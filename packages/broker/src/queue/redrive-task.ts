/** A redrive as a queue remembers it: which of its dead letters go where, how fast, and how far that is. */
import type { MessageSequence } from "./message.ts";

export const redriveStatuses = ["running", "done", "cancelled"] as const;
export type RedriveStatus = (typeof redriveStatuses)[number];

/** What the journal keeps of a redrive. */
export interface RedriveFacts {
  /** From 1, never given twice in a queue. */
  readonly task: number;
  /** Catalog number of the queue that they go to; undefined: each to the queue that it was given up by. */
  readonly to: number | undefined;
  readonly perSecondMax: number;
  /** Only messages before this one: what comes in meanwhile is not moved. */
  readonly beforeSequence: MessageSequence;
  /** How many there were to move when it began. */
  readonly total: number;
  readonly moved: number;
  readonly startedAtWallMs: number;
  readonly endedAtWallMs: number;
  readonly status: RedriveStatus;
}

/** Tasks that are remembered when they have ended. */
export const redrivesKept = 10;

/** The redrives of one queue. At most one of them runs. */
export class Redrives {
  readonly #tasks: RedriveFacts[] = [];
  /** When the next step of the running one is due, by the monotonic clock. */
  #dueMs = Number.POSITIVE_INFINITY;
  nextTask = 1;

  /** Oldest first. */
  get tasks(): readonly RedriveFacts[] {
    return this.#tasks;
  }

  get running(): RedriveFacts | undefined {
    const last = this.#tasks.at(-1);
    return last?.status === "running" ? last : undefined;
  }

  /** Undefined when none runs. */
  get dueMs(): number | undefined {
    return this.running === undefined ? undefined : this.#dueMs;
  }

  /** False for one that is known already. */
  add(task: RedriveFacts, nowMs: number): boolean {
    if (task.task < this.nextTask) return false;
    this.#tasks.push(task);
    if (this.#tasks.length > redrivesKept) this.#tasks.shift();
    this.nextTask = task.task + 1;
    this.#dueMs = nowMs;
    return true;
  }

  /** False when none runs. */
  advance(moved: number, dueMs: number): boolean {
    const { running } = this;
    if (running === undefined) return false;
    this.#tasks[this.#tasks.length - 1] = { ...running, moved: running.moved + moved };
    this.#dueMs = dueMs;
    return true;
  }

  /** False when none runs. */
  end(status: Exclude<RedriveStatus, "running">, endedAtWallMs: number): boolean {
    const { running } = this;
    if (running === undefined) return false;
    this.#tasks[this.#tasks.length - 1] = { ...running, status, endedAtWallMs };
    return true;
  }
}
