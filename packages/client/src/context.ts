/** What the parts of one client share. */
import type { Link } from "./link.ts";
import type { Settler } from "./settler.ts";

export interface Closable {
  /** Ends it at once, and resolves when nothing of it runs any more. */
  close(): Promise<void>;
}

export interface Context {
  readonly link: Link;
  readonly settler: Settler;
  /** What is open, to be closed with the client. */
  readonly open: Set<Closable>;
  /**
   * Numbers sends, publishes and transactions, rising. With the id that the client says in its hello, a repeat after a lost connection
   * can be told from a second request.
   */
  nextSequence(): number;
  /** A name that no other member has. */
  uniqueName(): string;
}
