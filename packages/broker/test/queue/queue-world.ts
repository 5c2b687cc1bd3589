/**
 * A shell as small as can be, for tests of the rules: queues by number, a virtual clock, and a journal that is a list. What is decided
 * is encoded, decoded again and applied, so that every test of a rule is a test of the codec too; and the whole world can be folded
 * anew from its journal or from a checkpoint.
 */
import { deepEqual, equal, ok } from "node:assert/strict";
import {
  applyToQueue,
  decideConfigure,
  decideDue,
  decideRelocate,
  decodeQueueRecord,
  defaultQueueSettings,
  encodeQueueRecord,
  type FellDue,
  nextDueMs,
  type OwnedRecord,
  type QueueRecord,
  type QueueSettings,
  QueueState,
  type Refused,
  type ReplayedBody,
  snapshotQueue,
  takeDeadBodies,
} from "../../src/queue/index.ts";
import { type AuditOptions, auditQueue } from "./audit.ts";

/** A part of an append as the journal holds it. */
export interface WrittenPart {
  readonly owner: number;
  readonly type: number;
  readonly head: Uint8Array;
  readonly bodies: readonly ReplayedBody[];
}

export class QueueWorld {
  wallMs = Date.UTC(2026, 0, 1);
  monotonicMs = 0;
  readonly queues = new Map<number, QueueState>();
  /** Every append so far; each is a list of parts that are there together or not at all. */
  readonly journal: WrittenPart[][];
  /** Bodies by position, as the segments of a journal hold them. */
  readonly #segments: Map<number, Uint8Array>;
  /** How often each body is mentioned, less how often such a mention died: as a journal counts. */
  readonly #liveBodies = new Map<number, number>();
  /** The wall clock went its own way since the journal began, so that the fold sees other remaining times than the live state. */
  #wallJumped = false;
  /** Queues that are there no more, though the journal still speaks of them. */
  readonly #lost = new Set<number>();

  constructor(journal: WrittenPart[][] = [], segments = new Map<number, Uint8Array>()) {
    this.journal = journal;
    this.#segments = segments;
  }

  get now() {
    return { wallMs: this.wallMs, monotonicMs: this.monotonicMs };
  }

  queue(number: number): QueueState | undefined {
    return this.queues.get(number);
  }

  /** The queue of that number, which must be there. */
  the(number: number): QueueState {
    const state = this.queues.get(number);
    ok(state, `queue ${number} is there`);
    return state;
  }

  create(number: number, settings: Partial<QueueSettings> = {}): QueueState {
    const state = new QueueState(number);
    this.queues.set(number, state);
    this.submit(decideConfigure(state, { ...defaultQueueSettings, ...settings }, this));
    return state;
  }

  /** Appends and applies what was decided, and returns the reply. A refusal is returned as it is. */
  submit<Reply>(
    decision:
      | { readonly ok: true; readonly records: readonly OwnedRecord<QueueRecord>[]; readonly reply: Reply }
      | Refused<string>,
  ): Reply | Refused<string> {
    if (!decision.ok) return decision;
    if (decision.records.length > 0) this.append(decision.records);
    return decision.reply;
  }

  append(records: readonly OwnedRecord<QueueRecord>[]): void {
    const parts = records.map(({ owner, record }) => this.#write(owner, record));
    this.journal.push(parts);
    this.#mention(parts);
    this.#apply(parts);
    this.#release();
  }

  /** Writes bodies of a queue once more, those at every `step`th place. */
  relocate(number: number, step: number): void {
    const state = this.the(number);
    const found = [...state.messages]
      .filter((_, i) => i % step === 0)
      .map((slot) => {
        const position = state.messages.bodyPosition[slot] as number;
        const body = this.#segments.get(position);
        ok(body !== undefined, `a body lies at ${position}`);
        return { sequence: state.messages.sequence[slot] as number, position, body };
      });
    this.submit(decideRelocate(state, found));
  }

  #mention(parts: readonly WrittenPart[]): void {
    for (const { position } of parts.flatMap(({ bodies }) => bodies))
      this.#liveBodies.set(position, (this.#liveBodies.get(position) ?? 0) + 1);
  }

  #release(): void {
    for (const state of this.queues.values()) {
      for (const position of takeDeadBodies(state)) {
        const mentions = this.#liveBodies.get(position) ?? 0;
        ok(mentions > 0, "a body dies no more often than it was mentioned");
        if (mentions === 1) this.#liveBodies.delete(position);
        else this.#liveBodies.set(position, mentions - 1);
      }
    }
  }

  /** Lets time pass and does what falls due, at the instant at which it does. `onDue` hears of each queue that had something to do. */
  advance(byMs: number, onDue: (state: QueueState, did: FellDue) => void = () => undefined): void {
    const untilMs = this.monotonicMs + byMs;
    for (;;) {
      const due = [...this.queues.values()]
        .map((state) => ({ state, dueMs: nextDueMs(state) ?? Number.POSITIVE_INFINITY }))
        .sort((a, b) => a.dueMs - b.dueMs)[0];
      if (due === undefined || due.dueMs > untilMs) break;
      this.#passTo(Math.max(this.monotonicMs, due.dueMs));
      const decision = decideDue(due.state, this.now, this);
      this.submit(decision);
      onDue(due.state, decision.reply);
    }
    this.#passTo(untilMs);
  }

  /** Time passes while nobody looks: nothing that falls due is done. */
  passUnnoticed(byMs: number): void {
    this.#passTo(this.monotonicMs + byMs);
  }

  /** The queue is gone as if it had been deleted. */
  lose(number: number): void {
    this.queues.delete(number);
    this.#lost.add(number);
  }

  jumpWall(byMs: number): void {
    this.wallMs += byMs;
    this.#wallJumped = true;
  }

  /** The same world after a restart: the fold of its journal. The monotonic clock starts anew. */
  restarted(journal: WrittenPart[][] = this.journal): QueueWorld {
    const world = new QueueWorld([...journal], this.#segments);
    world.wallMs = this.wallMs;
    world.monotonicMs = 1000;
    world.#wallJumped = this.#wallJumped;
    for (const parts of journal) {
      for (const { owner } of parts)
        if (!world.queues.has(owner)) world.queues.set(owner, new QueueState(owner));
      world.#apply(parts);
    }
    for (const number of this.#lost) world.lose(number);
    for (const parts of journal) world.#mention(parts);
    world.#release();
    return world;
  }

  /** The same world after a checkpoint and a restart: what is left of the journal are the records that rebuild the state. */
  checkpointed(): QueueWorld {
    const journal = [...this.queues.values()].flatMap((state) =>
      [...snapshotQueue(state, this.now)].map((record) => [this.#write(state.number, record)]),
    );
    return this.restarted(journal);
  }

  /** Everything that can be known of a world, in an order that does not depend on how it came about. */
  dump(timesToo = true): unknown {
    const queues = [...this.queues.values()].sort((a, b) => a.number - b.number);
    return queues.map(({ number }) => this.look(number, { timesToo }));
  }

  /** One queue, as the dump has it. Bodies that are not in memory are read from the segments. */
  look(number: number, how: AuditOptions = {}) {
    const state = this.queues.get(number) ?? new QueueState(number);
    return auditQueue(state, this.now, (position) => this.#segments.get(position), how);
  }

  /** What must hold at any time: the fold of the journal is this state, and the bodies that live are those that it refers to. */
  audit(): void {
    const timesToo = !this.#wallJumped;
    deepEqual(this.restarted().dump(timesToo), this.dump(timesToo), "the fold of the journal");
    deepEqual(this.checkpointed().dump(), this.dump(), "the fold of a checkpoint");
    const referred = new Map<number, number>();
    for (const state of this.queues.values()) {
      for (const slot of state.messages) referred.set(state.messages.bodyPosition[slot] as number, 1);
    }
    deepEqual([...this.#liveBodies].sort(), [...referred].sort(), "the bodies that live");
    for (const state of this.queues.values()) equal(state.orphanRecords, 0);
  }

  #passTo(monotonicMs: number): void {
    this.wallMs += monotonicMs - this.monotonicMs;
    this.monotonicMs = monotonicMs;
  }

  #write(owner: number, record: QueueRecord): WrittenPart {
    const { type, head, bodies } = encodeQueueRecord(record);
    const placed = bodies.map((body): ReplayedBody => {
      // What lies in a segment already comes back by its place alone, as a journal gives it.
      if (!(body instanceof Uint8Array)) return body;
      const position = this.#segments.size + 1;
      this.#segments.set(position, body);
      return { position, bytes: body };
    });
    return { owner, type, head, bodies: placed };
  }

  #apply(parts: readonly WrittenPart[]): void {
    for (const { owner, type, head, bodies } of parts) {
      const decoded = decodeQueueRecord(type, head, bodies);
      ok(decoded.ok, "what was written can be read");
      const positions = bodies.map(({ position }) => position);
      applyToQueue(this.the(owner), decoded.record, this.now, positions);
    }
  }
}
