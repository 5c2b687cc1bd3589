/** A process of the simulation: its own way to the shared engine, a bus, and the ticket line over it. */
import { deepEqual } from "node:assert/strict";
import { type Random, silentLog } from "@sluice/runtime";
import type { VirtualClock } from "@sluice/testkit";
import { Bus } from "../src/bus.ts";
import type { Engine } from "../src/engine.ts";
import { type Fate, type FaultyCall, FaultyEngine } from "../src/engines/faulty.ts";
import { partitionOf } from "../src/engines/partition.ts";
import { hasCode } from "../src/faults.ts";
import { input } from "../src/rules.ts";
import { SourcedState } from "../src/sourced-state.ts";
import { type Ledger, lineGroup } from "./ledger.ts";
import {
  announce,
  dump,
  type LineCommand,
  type LineRecord,
  type LineReply,
  type LineState,
  lineAnnounced,
  lineRecord,
  lineRules,
  visitEnded,
} from "./ticket-line.ts";

export const partitionCount = 2;
export const partitionCounts = new Map(
  [lineRecord, lineAnnounced, visitEnded].map(({ topic }) => [topic, partitionCount]),
);

export interface LineProcessOptions {
  readonly engine: Engine;
  readonly clock: VirtualClock;
  readonly random: Random;
  readonly ledger: Ledger;
  readonly fateOf: (call: FaultyCall) => Fate;
}

export class LineProcess {
  readonly engine: FaultyEngine;
  /** Anything that should not have been thrown. */
  readonly surprises: unknown[] = [];
  readonly #ledger: Ledger;
  /** For each partition, the records that the newest answer rested on. */
  readonly #seen = Array.from({ length: partitionCount }, () => 0);
  #line: SourcedState<LineState, LineCommand, LineRecord, LineReply> | undefined;
  #dead = false;

  private constructor({ engine, clock, random, ledger, fateOf }: LineProcessOptions) {
    this.#ledger = ledger;
    const onDeath = (): void => {
      this.#dead = true;
    };
    this.engine = FaultyEngine.over({ engine, clock, random, fateOf, delayMsMax: 1.5, onDeath });
  }

  /** Starts at once; the line is open a while later, unless a fault prevents it: then the process has ended. */
  static start(options: LineProcessOptions): LineProcess {
    const process = new LineProcess(options);
    process.#open(options).catch(async (error: unknown) => {
      if (!hasCode(error, "engine-unavailable")) process.surprises.push(error);
      await process.engine.die();
    });
    return process;
  }

  get isDead(): boolean {
    return this.#dead;
  }

  /** Submits and does not wait. */
  submit(command: Exclude<LineCommand, { kind: "deadline" }>): void {
    this.#line?.submit(command.room, command).then(({ reply }) => {
      const partition = partitionOf(command.room, partitionCount);
      this.#seen[partition] = Math.max(this.#seen[partition] ?? 0, reply.applied);
      this.#ledger.answer(command.by, reply.recordCount);
    }, this.#expectUnavailable);
  }

  /** Looks and does not wait. What was answered before must be in what it sees. */
  look(partition: number): void {
    const seen = this.#seen[partition] ?? 0;
    this.#line
      ?.readPartition(partition, (state) => ({ applied: state.applied, dump: dump(state) }))
      .then(({ applied, dump }) => {
        if (applied < seen) this.surprises.push(new Error("a look missed what was answered before it"));
        this.#ledger.look({ partition, applied, dump });
      }, this.#expectUnavailable);
  }

  /** The dump of a partition, or undefined when this process does not own it. */
  async dumpOf(partition: number): Promise<string | undefined> {
    if (this.#dead) return undefined;
    return this.#line?.readPartition(partition, dump).catch((error: unknown) => {
      this.#expectUnavailable(error);
      return undefined;
    });
  }

  async close(): Promise<void> {
    await this.#line?.[Symbol.asyncDispose]();
    deepEqual(this.surprises, []);
  }

  async #open({ clock, random }: LineProcessOptions): Promise<void> {
    const bus = await Bus.open({
      engine: this.engine,
      source: "/line",
      clock,
      random,
      log: silentLog,
      partitionCounts,
    });
    this.#line = await SourcedState.open({
      bus,
      records: lineRecord,
      group: lineGroup,
      rules: lineRules,
      project: announce,
      inputs: [input(visitEnded, ({ data }): LineCommand => ({ kind: "end", ...data }))],
      clock,
      log: silentLog,
    });
  }

  readonly #expectUnavailable = (error: unknown): void => {
    if (!hasCode(error, "state-unavailable")) this.surprises.push(error);
  };
}
