/** What every part of the testbed is: a server that is there for a scope, and the fault that says which one is not there and how to get it. */
import { Fault } from "@sluice/runtime";

export interface Part extends AsyncDisposable {
  /** What it is, for people: `redis-server 7.0.15`, or `the server at REDIS_URL`. */
  readonly description: string;
  /** Its process; undefined when it is somebody's own server, which is neither started nor stopped here. */
  readonly pid: number | undefined;
}

/** A part is not installed on this machine. The message says how to get it. Code `part-missing`. */
export class PartMissing extends Fault {
  constructor(sentence: string) {
    super("part-missing", sentence);
  }
}

/** What is somebody's own stays when the scope ends. */
export const somebodysOwn = (setting: string): Part => ({
  description: `the server at ${setting}`,
  pid: undefined,
  [Symbol.asyncDispose]: async () => {},
});
