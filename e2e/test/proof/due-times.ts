/** When messages may come at the earliest: what was delayed never comes early, over kills and restarts too. */
import { ok } from "node:assert/strict";
import { systemClock } from "@sluice/runtime";

/** Of the server's clock and ours: the wall clock is adjusted while both run, and read in whole milliseconds. */
const toleranceMs = 5;

export class DueTimes {
  readonly #dueMs = new Map<string, number>();

  /** From now on it may not come before `dueMs`, in wall-clock milliseconds: when the delay was asked for, and the delay. */
  set(name: string, dueMs: number): void {
    this.#dueMs.set(name, dueMs);
  }

  /** Either may hold: what was asked for has not been answered. */
  setEither(name: string, dueMs: number): void {
    this.#dueMs.set(name, Math.min(dueMs, this.#dueMs.get(name) ?? 0));
  }

  /** It is here. Fails when it is early. */
  expectDue(name: string): void {
    const earlyMs = (this.#dueMs.get(name) ?? 0) - systemClock.now().wallMs;
    ok(earlyMs <= toleranceMs, `${name} comes ${earlyMs} ms early`);
    this.#dueMs.delete(name);
  }
}
