/** What a broker takes of memory and disk, and whether it can still write: read when somebody scrapes. */
import { Counter, Gauge, type Registry } from "@sluice/runtime";
import type { Core } from "./core.ts";

/** Of memory. Registers the metrics; they live as long as the registry. */
export function gaugeMemory(metrics: Registry, { state, limits }: Core): void {
  const registers = [metrics];
  new Gauge({
    name: "sluice_memory_bytes",
    help: "Bytes of memory that messages and records take, as the memory budget counts them",
    registers,
    collect() {
      this.set(state.memoryBytes);
    },
  });
  new Gauge({
    name: "sluice_memory_budget_bytes",
    help: "Bytes of memory that messages and records may take",
    registers,
  }).set(limits.memoryBudgetBytes);
}

/** Of the journal. Registers the metrics; they live as long as the registry. */
export function gaugeStorage(metrics: Registry, core: Core): void {
  const { journal } = core;
  const registers = [metrics];
  new Gauge({
    name: "sluice_journal_bytes",
    help: "Bytes of the files of the journal, by what they are for",
    labelNames: ["file"],
    registers,
    collect() {
      for (const [file, bytes] of Object.entries(journal.usage.bytes)) this.set({ file }, bytes);
    },
  });
  new Gauge({
    name: "sluice_journal_segments",
    help: "Segments of the journal",
    registers,
    collect() {
      this.set(journal.usage.segmentCount);
    },
  });
  new Gauge({
    name: "sluice_journal_pending_bytes",
    help: "Bytes that were appended and are not yet durable",
    registers,
    collect() {
      this.set(journal.pendingBytes);
    },
  });
  new Counter({
    name: "sluice_appended_bytes_total",
    help: "Bytes of records that were appended to the journal",
    registers,
    collect() {
      this.reset();
      this.inc(core.appendedBytes);
    },
  });
  new Gauge({
    name: "sluice_disk_full",
    help: "1 while nothing new is taken for want of space: the disk is full, or the budget is used up",
    labelNames: ["shortage"],
    registers,
    collect() {
      for (const shortage of ["disk", "budget"] as const)
        this.set({ shortage }, journal.full === shortage ? 1 : 0);
    },
  });
  new Gauge({
    name: "sluice_storage_failed",
    help: "1 when the storage failed: nothing is accepted until the broker is started again",
    registers,
    collect() {
      this.set(journal.fault === undefined ? 0 : 1);
    },
  });
}
