/** What the outside knows of a run, and whether the log agrees: kept apart from the states that it judges. */
import { deepEqual, equal, ok } from "node:assert/strict";
import type { Engine } from "../src/engine.ts";
import { dump, type LineRecord, lineAnnounced, lineRecord, lineRules, visitEnded } from "./ticket-line.ts";
import { dataOf, recordsOf } from "./world.ts";

export const lineGroup = "line";

interface Look {
  readonly partition: number;
  readonly applied: number;
  readonly dump: string;
}

export class Ledger {
  /** Commands that were answered, by what their records say. */
  readonly #answered: { readonly by: string; readonly recordCount: number }[] = [];
  /** What readers were shown. */
  readonly #looks: Look[] = [];

  answer(by: string, recordCount: number): void {
    this.#answered.push({ by, recordCount });
  }

  look(look: Look): void {
    this.#looks.push(look);
  }

  get counts(): { answered: number; looks: number } {
    return { answered: this.#answered.length, looks: this.#looks.length };
  }

  /** Holds at every moment. */
  async check(engine: Engine): Promise<void> {
    const log = await readLog(engine);
    checkWhole(log.records.flat());
    this.#checkAnswers(log.records.flat());
    this.#checkLooks(log.records);
    deepEqual(
      log.announced,
      log.records.map((records) => records.map(nameOf)),
      "one event for each record",
    );
    for (const [partition, inputs] of log.inputs.entries()) {
      const committed = (await engine.committedOffset(lineGroup, visitEnded.topic, partition)) ?? 0;
      // "nobody" decides nothing, so its commit is all that there is of it.
      const taken = inputs.slice(0, committed).filter(({ visitor }) => visitor !== "nobody");
      const heads = (log.records[partition] ?? []).filter(
        ({ by, index }) => by.startsWith("input") && index === 0,
      );
      deepEqual(
        heads.map(({ by }) => by),
        taken.map(({ by }) => by),
        "records and offsets of the inputs agree",
      );
    }
  }

  /** Holds once everything has come to rest. */
  async checkAtRest(engine: Engine, dumpOf: (partition: number) => Promise<string>): Promise<void> {
    await this.check(engine);
    const log = await readLog(engine);
    for (const [partition, records] of log.records.entries()) {
      equal(await dumpOf(partition), fold(records, records.length), "the state is the fold of the log");
      const endOffset = await engine.endOffset(visitEnded.topic, partition);
      equal((await engine.committedOffset(lineGroup, visitEnded.topic, partition)) ?? 0, endOffset);
    }
  }

  #checkAnswers(records: readonly LineRecord[]): void {
    const counts = new Map<string, number>();
    for (const { by } of records) counts.set(by, (counts.get(by) ?? 0) + 1);
    for (const { by, recordCount } of this.#answered) {
      equal(counts.get(by) ?? 0, recordCount, `what ${by} was answered for is in the log once`);
    }
  }

  #checkLooks(log: readonly (readonly LineRecord[])[]): void {
    for (const { partition, applied, dump } of this.#looks) {
      const records = log[partition] ?? [];
      ok(applied <= records.length, "nobody was shown what the log lacks");
      equal(dump, fold(records, applied), "what was shown is the fold of a prefix of the log");
    }
  }
}

/** Every command's records stand together, complete and once. */
function checkWhole(records: readonly LineRecord[]): void {
  const seen = new Set<string>();
  for (const [at, { by, index, of }] of records.entries()) {
    if (index === 0) ok(!seen.has(by), `${by} is in the log once`);
    seen.add(by);
    equal(records[at - index]?.by, by, `the records of ${by} stand together`);
    equal(records[at - index + of - 1]?.by, by, `the records of ${by} are complete`);
  }
}

/** The dump of the state that the first `count` records make. */
export function fold(records: readonly LineRecord[], count: number): string {
  const state = lineRules.initial(0);
  for (const record of records.slice(0, count)) lineRules.apply(state, record);
  return dump(state);
}

const nameOf = ({ by, index }: { readonly by: string; readonly index: number }): string => `${by} ${index}`;

/** What the engine holds, by partition. */
async function readLog(engine: Engine) {
  const read = async <Data>(topic: string, parse: (value: unknown) => Data): Promise<Data[][]> => {
    const partitions: Data[][] = [];
    for (let partition = 0; partition < (await engine.partitionCount(topic)); partition++) {
      partitions.push((await recordsOf(engine, topic, partition)).map((record) => parse(dataOf(record))));
    }
    return partitions;
  };
  return {
    records: await read(lineRecord.topic, lineRecord.parse),
    inputs: await read(visitEnded.topic, visitEnded.parse),
    announced: await read(lineAnnounced.topic, (value) => nameOf(lineAnnounced.parse(value))),
  };
}
