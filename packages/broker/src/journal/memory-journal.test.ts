/** The journal that keeps nothing, held to what every journal must do. */
import { journalConformance } from "./conformance.ts";
import { MemoryJournal } from "./memory-journal.ts";

journalConformance("memory", async () => ({
  open: async () => new MemoryJournal(),
  [Symbol.asyncDispose]: async () => undefined,
}));
