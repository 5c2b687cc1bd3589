/** Records encoded once for many subscribers: those that keep pace take the same runs of records. */
import { batchesOf, type KeptBatch, type KeptRecord } from "@sluice/protocol/full";

interface Encoded {
  readonly count: number;
  readonly last: KeptRecord | undefined;
  readonly batches: readonly KeptBatch[];
}

export class SharedRecords {
  /** By the first record of the run; forgotten with it. */
  readonly #byFirst = new WeakMap<KeptRecord, Encoded>();

  of(records: readonly KeptRecord[]): readonly KeptBatch[] {
    const [first] = records;
    if (first === undefined) return [];
    const last = records.at(-1);
    const known = this.#byFirst.get(first);
    if (known?.count === records.length && known.last === last) return known.batches;
    const batches = batchesOf(records);
    this.#byFirst.set(first, { count: records.length, last, batches });
    return batches;
  }
}
