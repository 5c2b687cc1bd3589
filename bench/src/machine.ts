/** What the figures were taken on, as far as it matters for reading them. */
import { availableParallelism, cpus, loadavg, totalmem } from "node:os";

export interface Machine {
  readonly cores: number;
  readonly processor: string;
  readonly memoryGib: number;
  readonly node: string;
  readonly system: string;
}

export function describeMachine(): Machine {
  return {
    cores: availableParallelism(),
    processor: cpus()[0]?.model ?? "unknown",
    memoryGib: Math.round(totalmem() / 1024 ** 3),
    node: process.version,
    system: `${process.platform} ${process.arch}`,
  };
}

/** Processes that wanted to run, on average of the last minute: what is above our own two or three is somebody else's work. */
export const machineLoad = (): number => Number((loadavg()[0] ?? 0).toFixed(1));

export const machineLine = ({ cores, processor, memoryGib, node, system }: Machine): string =>
  `${cores} cores (${processor}), ${memoryGib} GiB, ${system}, Node ${node}`;
