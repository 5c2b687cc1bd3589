/**
 * Faults: what goes wrong outside (disk, network, peer). A refusal, when the rules say no, is a value and never
 * thrown; a bug is an assertion that ends the process.
 */

/** The root of all faults. `code` is stable and for programs; `message` is a sentence for people; `cause` is what lay beneath. */
export class Fault extends Error {
  readonly code: string;

  constructor(code: string, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** What cannot be unless we have made a mistake. Ends the process: a state that is wrong must not go on. */
export function assert(holds: unknown, sentence: string): asserts holds {
  if (!holds) throw new AssertionFailed(sentence);
}

/** A bug of ours. Nobody catches it. */
export class AssertionFailed extends Error {
  override readonly name = "AssertionFailed";
}
