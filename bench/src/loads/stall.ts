/** A round whose answers no longer come would never end. This ends it, with a word. */
import { Fault, systemClock, waitFor } from "@sluice/runtime";

/** Without progress for this long, what is missing will not come. */
const patienceMs = 10_000;

/** Resolves or rejects as `work` does; rejects with a Fault `stalled` when `progress`, a count, stays the same for `patience` milliseconds. */
export async function unlessStalled<Done>(
  work: Promise<Done>,
  progress: () => number,
  patience = patienceMs,
): Promise<Done> {
  const over = new AbortController();
  try {
    return await Promise.race([work, untilStalled(progress, patience, over.signal)]);
  } finally {
    over.abort();
  }
}

async function untilStalled(progress: () => number, patience: number, signal: AbortSignal): Promise<never> {
  for (let seen = Number.NaN; ; ) {
    const now = progress();
    if (now === seen) throw new Fault("stalled", `Nothing came for ${patience} ms after ${now} operations.`);
    seen = now;
    // Ended by whatever the race was decided by: nobody waits for this any more.
    await waitFor(systemClock, patience, signal);
  }
}
