/** How fast slots come free, measured over the latest of them: what an estimate of the wait can honestly rest on. */

/** Slots that came free, at most this many, are looked at. */
const releasesKept = 64;
/** With fewer releases than this the pace is unknown rather than guessed. */
const releasesNeeded = 3;

export class ReleasePace {
  readonly #atMs: number[] = [];
  #next = 0;

  /** A slot came free at `atMs` (wall clock). */
  add(atMs: number): void {
    this.#atMs[this.#next] = atMs;
    this.#next = (this.#next + 1) % releasesKept;
  }

  /**
   * Seconds until as many slots have come free as it takes for `position`, at the pace from the oldest release looked at until now; so it
   * grows while nothing comes free. Undefined while too little is known, and when the wall clock has gone back behind what was seen.
   */
  estimateSeconds(position: number, wallMs: number): number | undefined {
    const count = this.#atMs.length;
    if (count < releasesNeeded) return undefined;
    const oldestMs = this.#atMs[count === releasesKept ? this.#next : 0] ?? wallMs;
    const spanMs = wallMs - oldestMs;
    if (spanMs <= 0) return undefined;
    return Math.ceil((position * spanMs) / (count - 1) / 1000);
  }
}
