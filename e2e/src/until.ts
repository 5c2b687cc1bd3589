/** Asking until it is so: for what happens behind an answer, with a bound so that what never happens fails a test instead of hanging it. */

const roundsMax = 1_000;

/**
 * Runs `round` until it says true. Each round must ask the process something: the answers set the pace.
 * @throws Error naming `what` after 1,000 rounds.
 */
export async function until(what: string, round: () => Promise<boolean>): Promise<void> {
  for (let i = 0; i < roundsMax; i++) if (await round()) return;
  throw new Error(`it never came to this: ${what}`);
}
