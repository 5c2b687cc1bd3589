/** What the figures were taken on, as far as it matters for reading them. */
import { availableParallelism, cpus, loadavg, totalmem } from "node:os";

export interface Machine {
  readonly cores: number;
  readonly processor: string;
  readonly memoryGib: number;
  readonly node: string;
  readonly system: string;
  /** Processes that wanted to run in the minute before: above 0 at the start, something else shared the machine. */
  readonly loadBefore: number;
}

export function describeMachine(): Machine {
  return {
    cores: availableParallelism(),
    processor: cpus()[0]?.model ?? "unknown",
    memoryGib: Math.round(totalmem() / 1024 ** 3),
    node: process.version,
    system: `${process.platform} ${process.arch}`,
    loadBefore: loadavg()[0] ?? 0,
  };
}

export const machineLine = ({ cores, processor, memoryGib, node, system, loadBefore }: Machine): string =>
  `${cores} cores (${processor}), ${memoryGib} GiB, ${system}, Node ${node}, load ${loadBefore.toFixed(1)} at the start`;
