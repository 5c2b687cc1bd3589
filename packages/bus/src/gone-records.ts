/**
 * Records that were deleted before their group had read them: the group goes on with the first that is kept, and says what it has missed.
 * To ask for what is gone again and again would stop it for ever.
 */
import { Counter, type Log, type Registry } from "@sluice/runtime";
import type { RecordsGone } from "./faults.ts";

const metricName = "sluice_bus_gone_records_total";

export interface Reading {
  readonly group: string;
  readonly topic: string;
  readonly partition: number;
  /** What it wanted to read next; undefined for a group that has committed nothing yet, and so misses nothing. */
  readonly offset: number | undefined;
}

export class GoneRecords {
  readonly #log: Log;
  readonly #counter: Counter;

  /** Buses that share a registry share the count. */
  constructor(log: Log, metrics: Registry) {
    const known = metrics.getSingleMetric(metricName);
    this.#log = log;
    this.#counter =
      known instanceof Counter
        ? known
        : new Counter({
            name: metricName,
            help: "Records of the bus that were deleted before a group had read them",
            labelNames: ["group", "topic"],
            registers: [metrics],
          });
  }

  /** The offset to go on with. */
  passOver({ group, topic, partition, offset }: Reading, { startOffset }: RecordsGone): number {
    if (offset === undefined) return startOffset;
    const count = startOffset - offset;
    this.#counter.inc({ group, topic }, count);
    this.#log.warn(
      { group, topic, partition, offset, startOffset, count },
      "records were deleted before the group had read them; going on with the first that is kept",
    );
    return startOffset;
  }
}
