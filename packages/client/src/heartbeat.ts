/** Signs of life: speaks when nothing else was said, and notices when nothing comes back. A socket alone says neither. */
import { writePing } from "@sluice/protocol/full";
import type { Clock } from "./clock.ts";
import type { WriteRequest } from "./request.ts";

/** The peer is given up after this many intervals without a word: one may be lost to a pause at either end. */
const intervalsMax = 2;

export class Heartbeat implements Disposable {
  readonly #clock: Clock;
  readonly #tickMs: number;
  readonly #silenceMaxMs: number;
  readonly #does: { say(write: WriteRequest): void; silent(sentence: string): void };
  #heardMs: number;
  #tickedMs: number;
  #spoke = true;
  #timer: Disposable;

  /** `intervalMs`: how long each end may say nothing. */
  constructor(
    clock: Clock,
    intervalMs: number,
    does: { say(write: WriteRequest): void; silent(sentence: string): void },
  ) {
    this.#clock = clock;
    this.#tickMs = Math.max(Math.floor(intervalMs / 2), 1);
    this.#silenceMaxMs = intervalMs * intervalsMax;
    this.#does = does;
    this.#heardMs = clock.now().monotonicMs;
    this.#tickedMs = this.#heardMs;
    this.#timer = clock.after(this.#tickMs, () => this.#tick());
  }

  heard(): void {
    this.#heardMs = this.#clock.now().monotonicMs;
  }

  spoke(): void {
    this.#spoke = true;
  }

  get isSilent(): boolean {
    return this.#clock.now().monotonicMs - this.#heardMs >= this.#silenceMaxMs;
  }

  [Symbol.dispose](): void {
    this.#timer[Symbol.dispose]();
  }

  #tick(): void {
    const nowMs = this.#clock.now().monotonicMs;
    // After a pause of this process the timer comes before the bytes that arrived meanwhile: they get one more tick to be read.
    const wasPaused = nowMs - this.#tickedMs > this.#tickMs * 2;
    this.#tickedMs = nowMs;
    if (this.isSilent && !wasPaused) {
      this.#does.silent(`Nothing was heard for ${Math.round(nowMs - this.#heardMs)} ms.`);
      return;
    }
    if (!this.#spoke) this.#does.say(writePing);
    this.#spoke = false;
    this.#timer = this.#clock.after(this.#tickMs, () => this.#tick());
  }
}
