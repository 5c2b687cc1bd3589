/** How the conformance suite looks at an engine. */
import { equal, ok } from "node:assert/strict";
import { Fault } from "@sluice/runtime";
import type { Engine, EngineAssignment, EngineOutgoing, EngineRecord } from "../engine.ts";
import type { BusFaultCode } from "../faults.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export function pack(topic: string, key: string | undefined, value: string): EngineOutgoing {
  return { topic, key, value: encoder.encode(value), headers: new Map() };
}

export const textOf = (record: EngineRecord): string => decoder.decode(record.value);

/** Everything that the partition holds now. */
export async function readUntilEnd(
  engine: Engine,
  topic: string,
  partition: number,
): Promise<EngineRecord[]> {
  const endOffset = await engine.endOffset(topic, partition);
  const records: EngineRecord[] = [];
  if (endOffset === 0) return records;
  const stop = new AbortController();
  for await (const batch of engine.read(topic, partition, 0, stop.signal)) {
    records.push(...batch);
    if ((batch.at(-1)?.offset ?? 0) >= endOffset - 1) break;
  }
  stop.abort();
  return records;
}

/** Takes the values out of a read one by one, however they are batched. */
export function take(read: AsyncIterable<readonly EngineRecord[]>): {
  next(count: number): Promise<string[]>;
} {
  const batches = read[Symbol.asyncIterator]();
  const values: string[] = [];
  return {
    /** The next `count` values; fewer when the read ends. */
    async next(count) {
      while (values.length < count) {
        const batch = await batches.next();
        if (batch.done) break;
        values.push(...batch.value.map(textOf));
      }
      return values.splice(0, count);
    },
  };
}

export async function rejectsWith(code: BusFaultCode, work: Promise<unknown>): Promise<void> {
  const fault = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  ok(fault instanceof Fault, `expected the fault ${code}, got ${String(fault)}`);
  equal(fault.code, code);
}

/** A member's newest assignment, and a way to wait for one that fits. */
export class AssignmentProbe {
  newest: EngineAssignment = { generation: 0, partitions: [] };
  readonly #waiting = new Set<() => void>();

  readonly assigned = (assignment: EngineAssignment): void => {
    ok(assignment.generation > this.newest.generation, "generations rise");
    this.newest = assignment;
    for (const wake of this.#waiting) wake();
  };

  /** The partitions that the member has, as `topic/partition`, sorted. */
  get places(): string[] {
    return this.newest.partitions.map(({ topic, partition }) => `${topic}/${partition}`).sort();
  }

  /** Resolves when the newest assignment fits. */
  async until(fits: (assignment: EngineAssignment) => boolean): Promise<void> {
    while (!fits(this.newest)) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#waiting.add(resolve);
      await promise;
      this.#waiting.delete(resolve);
    }
  }
}
