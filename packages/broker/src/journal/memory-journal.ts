/**
 * The journal that keeps nothing: every part counts as `memory`, so no part is written, bodies have no position and stay with the state,
 * and an append is a barrier. For tests and for brokers that may forget.
 */
import { assert, Fault } from "@sluice/runtime";
import type {
  Appended,
  BodyPosition,
  Journal,
  JournalPart,
  JournalUsage,
  RelocationRoom,
  ReplayReport,
  Settled,
  Stretch,
} from "./journal.ts";

export class MemoryJournal implements Journal {
  readonly durability = "memory";
  readonly fault = undefined;
  readonly pendingBytes = 0;
  readonly full = undefined;
  readonly archive = undefined;
  readonly usage: JournalUsage = {
    segmentCount: 0,
    bytes: { segment: 0, checkpoint: 0, archive: 0, reserve: 0, other: 0 },
  };
  readonly relocationRoom: RelocationRoom = {
    bytesMax: Number.POSITIVE_INFINITY,
    appendBytesMax: Number.POSITIVE_INFINITY,
  };
  #waiting: Settled[] = [];
  #closed = false;

  /** Resolves with an empty report: there is nothing from before. */
  async replay(): Promise<ReplayReport> {
    return { appends: 0, lastSequence: 0, damages: [] };
  }

  append(parts: readonly JournalPart[], settled: Settled): Appended {
    assert(!this.#closed, "a journal is used before its end");
    if (this.#waiting.push(settled) === 1) queueMicrotask(() => this.#settle());
    return { sequence: 0, positions: parts.flatMap((part) => part.bodies.map(() => 0)) };
  }

  #settle(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const settled of waiting) settled();
  }

  /** Always rejects: no body was ever given a position. */
  async readBody(position: BodyPosition): Promise<Uint8Array> {
    throw new Fault("body-damaged", `Nothing lies at position ${position}: this journal keeps no bodies.`);
  }

  onFull(): void {}

  /** Nothing is ever synced. */
  onSynced(): void {}

  release(): void {}

  /** None: no body has a position. */
  covered(): readonly Stretch[] {
    return [];
  }

  async checkpoint(snapshot: Iterable<JournalPart>): Promise<void> {
    for (const _ of snapshot);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.#settle();
  }
}
