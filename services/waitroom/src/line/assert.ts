/** The rules' own assertion, because pure code imports nothing. It fails for a bug of ours only, never for input. */

/** What cannot be unless the rules or the log are wrong. Nobody catches it: a state that is wrong must not go on. */
export function assert(holds: unknown, sentence: string): asserts holds {
  if (!holds) throw new Error(`waiting room: ${sentence}`);
}
