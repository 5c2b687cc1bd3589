/** The journals that are kept beside this file, by the name of their folder, and what makes them. */
import type { SimulatedDisk } from "@sluice/testkit";
import { journalWithArchive, journalWithEverything, journalWithRelocated } from "./life.ts";
import { journalWithQueueRules } from "./queue-life.ts";

export const journals: Readonly<Record<string, () => Promise<SimulatedDisk>>> = {
  "format-1": journalWithEverything,
  "format-1-relocated": journalWithRelocated,
  "format-1-archive": journalWithArchive,
  "format-1-queues": journalWithQueueRules,
};
