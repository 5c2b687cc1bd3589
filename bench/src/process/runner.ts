/** What runs in a process of its own: a server that is measured, or a load that works and tells what it did. */
import type { Tally } from "../tally.ts";

/** Options cross a process border, so they are plain data. */
export interface Server extends AsyncDisposable {
  readonly port: number;
}

export interface Load extends AsyncDisposable {
  /**
   * Works for about `seconds`, finishes what was begun, and tells what was done. A load whose work has a fixed size ignores `seconds`.
   * Rejects when anything it did was not answered as it should be: a figure of failures is worth nothing.
   */
  round(seconds: number): Promise<Tally>;
}
