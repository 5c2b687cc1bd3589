/**
 * Everything that a broker knows, by number: the catalog, the queues, the topics and the groups. It only routes: each kind has its
 * own codec and its own `apply`, and this is where a record finds them, live and in recovery.
 */
import { assert } from "@sluice/runtime";
import type { BodyPosition, JournalPart, ReplayedPart } from "../journal/journal.ts";
import { decodeProducerRecord, encodeProducerRecord, isProducerType } from "../producer/record-codec.ts";
import type { ProducerRecord } from "../producer/records.ts";
import { ProducerTable } from "../producer/state.ts";
import { applyToQueue } from "../queue/apply.ts";
import type { OwnedRecord, QueueDirectory } from "../queue/decide/decision.ts";
import type { DecodedRecord } from "../queue/decoded.ts";
import type { Now } from "../queue/now.ts";
import { type EncodedRecord, encodeQueueRecord } from "../queue/record-codec.ts";
import { decodeQueueRecord } from "../queue/record-decoder.ts";
import type { QueueRecord } from "../queue/records.ts";
import { snapshotQueue } from "../queue/snapshot.ts";
import { QueueState, takeDeadBodies } from "../queue/state.ts";
import { applyToTopic } from "../topic/apply.ts";
import { applyToGroup } from "../topic/group/apply.ts";
import { decodeGroupRecord, encodeGroupRecord } from "../topic/group/record-codec.ts";
import { type GroupFact, type GroupRecord, isWritten } from "../topic/group/records.ts";
import { snapshotGroup } from "../topic/group/snapshot.ts";
import { type GroupDirectory, GroupState } from "../topic/group/state.ts";
import { Holdings } from "../topic/holdings.ts";
import { decodeTopicRecord, encodeTopicRecord } from "../topic/record-codec.ts";
import type { TopicJournalRecord } from "../topic/records.ts";
import { snapshotTopic } from "../topic/snapshot.ts";
import { type TopicDirectory, TopicState, takeDeadBatches, topicDurability } from "../topic/state.ts";
import {
  Catalog,
  type CatalogRecord,
  catalogOwner,
  decodeCatalogRecord,
  encodeCatalogRecord,
} from "./catalog.ts";
import { batchOverheadBytes } from "./limits.ts";
import { memoryOf, withoutBodies } from "./queue-memory.ts";
import { Removed } from "./removed.ts";

/** A fact, with the kind of thing that it is about. */
export type Change =
  | { readonly what: "catalog"; readonly owner: typeof catalogOwner; readonly record: CatalogRecord }
  | { readonly what: "queue"; readonly owner: number; readonly record: QueueRecord }
  | { readonly what: "topic"; readonly owner: number; readonly record: TopicJournalRecord }
  | { readonly what: "group"; readonly owner: number; readonly record: GroupRecord }
  | {
      readonly what: "producer";
      readonly owner: typeof catalogOwner;
      readonly record: ProducerRecord;
      /** That of what was answered: an answer must not outlive its effect. */
      readonly durability: JournalPart["durability"];
    };

/** A change of which nothing is ever written: it is true of this process alone. Those of live-only topics are among the others. */
export type UnwrittenChange =
  | Change
  | { readonly what: "membership"; readonly owner: number; readonly record: Exclude<GroupFact, GroupRecord> };

export const inCatalog = (record: CatalogRecord): Change => ({
  what: "catalog",
  owner: catalogOwner,
  record,
});

export const inQueues = (records: readonly OwnedRecord<QueueRecord>[]): Change[] =>
  records.map(({ owner, record }) => ({ what: "queue", owner, record }));

export const inTopics = (records: readonly OwnedRecord<TopicJournalRecord>[]): Change[] =>
  records.map(({ owner, record }) => ({ what: "topic", owner, record }));

export const inGroups = (records: readonly OwnedRecord<GroupFact>[]): Change[] =>
  records.flatMap(({ owner, record }) => (isWritten(record) ? [{ what: "group", owner, record }] : []));

export const inMemberships = (records: readonly OwnedRecord<GroupFact>[]): UnwrittenChange[] =>
  records.flatMap(({ owner, record }) => (isWritten(record) ? [] : [{ what: "membership", owner, record }]));

const noBodies: JournalPart["bodies"] = [];

export class BrokerState implements QueueDirectory, TopicDirectory, GroupDirectory {
  readonly catalog = new Catalog();
  readonly producers = new ProducerTable();
  readonly #queues = new Map<number, QueueState>();
  readonly #topics = new Map<number, TopicState>();
  readonly #groups = new Map<number, GroupState>();
  /** Records that could not be read or spoke of nothing that is there: 0 unless the journal was damaged. */
  unreadableRecords = 0;
  readonly #holdings = new Holdings();
  /** What queues and topics left behind that are gone. */
  readonly removed = new Removed();
  #queueBytes = 0;
  /** Bodies that come in above this are left in the journal and read back when they are handed out. Topics keep half of it. */
  readonly #residentBytesMax: number;

  constructor(options: { readonly residentBytesMax: number }) {
    this.#residentBytesMax = options.residentBytesMax;
  }

  /** Bytes of memory that messages and records take: their bodies, as far as these are in memory, and what stands beside them. */
  get memoryBytes(): number {
    const { residentBytes, batchCount } = this.#holdings;
    return this.#queueBytes + residentBytes + batchCount * batchOverheadBytes;
  }

  queue(number: number): QueueState | undefined {
    return this.#queues.get(number);
  }

  topic(number: number): TopicState | undefined {
    return this.#topics.get(number);
  }

  group(number: number): GroupState | undefined {
    return this.#groups.get(number);
  }

  queues(): Iterable<QueueState> {
    return this.#queues.values();
  }

  topics(): Iterable<TopicState> {
    return this.#topics.values();
  }

  groups(): Iterable<GroupState> {
    return this.#groups.values();
  }

  /** The change as the journal takes it. Must be called before `apply`: what a queue rests on is what it rested on when this was decided. */
  encode(change: Change): JournalPart {
    const { owner } = change;
    switch (change.what) {
      case "catalog":
        return { owner, durability: "synced", ...encodeCatalogRecord(change.record), bodies: noBodies };
      case "queue":
        return part(owner, this.#queueDurability(change), encodeQueueRecord(change.record));
      case "topic":
        return part(owner, this.#topicDurability(change), encodeTopicRecord(change.record));
      case "group":
        return part(owner, "synced", encodeGroupRecord(change.record));
      case "producer":
        return part(owner, change.durability, encodeProducerRecord(change.record));
    }
  }

  /** The only way a broker changes, live and in recovery. The bodies of the change lie at `positions` from index `first` on. */
  apply(change: UnwrittenChange, now: Now, positions: readonly BodyPosition[], first: number): void {
    switch (change.what) {
      case "catalog":
        this.catalog.apply(change.record);
        if (change.record.kind === "named") this.#make(change.record.what, change.record.number);
        if (change.record.kind === "removed") this.#remove(change.record.number);
        return;
      case "queue": {
        const queue = this.#queues.get(change.owner);
        assert(queue !== undefined, `queue ${change.owner} is in the catalog`);
        const before = memoryOf(queue);
        const leaves = this.memoryBytes >= this.#residentBytesMax;
        const record = leaves ? withoutBodies(change.record, positions, first) : change.record;
        applyToQueue(queue, record, now, positions, first);
        this.#queueBytes += memoryOf(queue) - before;
        return;
      }
      case "topic": {
        const topic = this.#topics.get(change.owner);
        assert(topic !== undefined, `topic ${change.owner} is in the catalog`);
        applyToTopic(topic, change.record, positions, first);
        this.#holdings.letGo(this.#residentBytesMax / 2);
        return;
      }
      case "group":
      case "membership": {
        const group = this.#groups.get(change.owner);
        assert(group !== undefined, `group ${change.owner} is in the catalog`);
        applyToGroup(group, change.record);
        return;
      }
      case "producer":
        this.producers.apply(change.record);
        return;
    }
  }

  /**
   * Applies a part that the journal gave back. Answers with a sentence when it cannot: that part is passed over and counted, because
   * damage must cost what it hit and no more.
   */
  replay(given: ReplayedPart, now: Now): string | undefined {
    const positions = given.bodies.map((body) => body.position);
    const decoded = this.#decode(given);
    if (!decoded.ok) {
      this.unreadableRecords++;
      return decoded.detail;
    }
    this.apply(decoded.record, now, positions, 0);
    return undefined;
  }

  /** The whole state as parts that rebuild it: names first, then what they name. It must not change meanwhile. */
  *snapshot(now: Now): Generator<JournalPart> {
    for (const record of this.catalog.snapshot()) yield this.encode(inCatalog(record));
    for (const queue of this.#queues.values()) {
      for (const record of snapshotQueue(queue, now)) {
        if (record.kind === "restored-messages" && queue.settings.durability === "memory") continue;
        yield part(queue.number, "synced", encodeQueueRecord(record));
      }
    }
    for (const topic of this.#topics.values()) {
      for (const record of snapshotTopic(topic)) {
        const kept = topicDurability(topic.settings) === "memory" ? withoutRecords(record) : record;
        if (kept !== undefined) yield part(topic.number, "synced", encodeTopicRecord(kept));
      }
    }
    for (const group of this.#groups.values()) {
      for (const record of snapshotGroup(group))
        yield part(group.number, "synced", encodeGroupRecord(record));
    }
    for (const record of this.producers.snapshot())
      yield part(catalogOwner, "synced", encodeProducerRecord(record));
  }

  /** Positions of bodies that died with these changes. */
  takeDeadBodies(changes: readonly Change[]): readonly BodyPosition[] {
    let dead: readonly BodyPosition[] = this.removed.takeBodies();
    for (const { what, owner } of changes) {
      const queue = what === "queue" ? this.#queues.get(owner) : undefined;
      const topic = what === "topic" ? this.#topics.get(owner) : undefined;
      if (queue !== undefined && queue.deadBodies.length > 0) dead = joined(dead, takeDeadBodies(queue));
      if (topic !== undefined && topic.deadPositions.length > 0) dead = joined(dead, takeDeadBatches(topic));
    }
    return dead;
  }

  #decode(given: ReplayedPart): DecodedRecord<Change> {
    const { owner, type, head } = given;
    if (owner === catalogOwner && isProducerType(type)) {
      const decoded = decodeProducerRecord(type, head);
      if (!decoded.ok) return decoded;
      return { ok: true, record: { what: "producer", owner, record: decoded.record, durability: "synced" } };
    }
    if (owner === catalogOwner) {
      const decoded = decodeCatalogRecord(type, head);
      return decoded.ok ? { ok: true, record: inCatalog(decoded.record) } : decoded;
    }
    const entry = this.catalog.entry(owner);
    switch (entry?.what) {
      case "queue": {
        const decoded = decodeQueueRecord(type, head, given.bodies);
        return decoded.ok ? { ok: true, record: { what: "queue", owner, record: decoded.record } } : decoded;
      }
      case "topic": {
        // The journal's buffers hold only during the visit: a topic keeps the bytes that it is given, a queue copies them.
        const bodies = given.bodies.map(({ position, bytes }) =>
          bytes === undefined ? { position } : { position, bytes: Buffer.from(bytes) },
        );
        const decoded = decodeTopicRecord(type, head, bodies);
        return decoded.ok ? { ok: true, record: { what: "topic", owner, record: decoded.record } } : decoded;
      }
      case "group": {
        const decoded = decodeGroupRecord(type, head);
        return decoded.ok ? { ok: true, record: { what: "group", owner, record: decoded.record } } : decoded;
      }
      default:
        return {
          ok: false,
          problem: "malformed",
          detail: `The record speaks of number ${owner}, which the catalog does not have: the record that named it was lost.`,
        };
    }
  }

  #make(what: "queue" | "topic" | "group", number: number): void {
    if (what === "queue" && !this.#queues.has(number)) this.#queues.set(number, new QueueState(number));
    if (what === "topic" && !this.#topics.has(number))
      this.#topics.set(number, new TopicState(number, this.#holdings));
    if (what === "group" && !this.#groups.has(number)) this.#groups.set(number, new GroupState(number));
  }

  /** A queue or topic is gone; it was emptied before. Groups forget what they had read of it. */
  #remove(number: number): void {
    const [queue, topic] = [this.#queues.get(number), this.#topics.get(number)];
    if (queue !== undefined) this.#queueBytes -= memoryOf(queue);
    this.removed.add(queue, topic);
    this.#queues.delete(number);
    if (this.#topics.delete(number))
      for (const { committed } of this.#groups.values()) committed.delete(number);
  }

  /** That a queue exists, and how, is kept even when its messages are not. */
  #queueDurability({ owner, record }: Change & { what: "queue" }): JournalPart["durability"] {
    if (record.kind === "configured") return "synced";
    const queue = this.#queues.get(owner);
    assert(queue !== undefined, `queue ${owner} is in the catalog`);
    return atLeastWritten(record.kind, queue.settings.durability);
  }

  #topicDurability({ owner, record }: Change & { what: "topic" }): JournalPart["durability"] {
    // What lay in the log before goes when this has settled.
    if (record.kind === "configured" || record.kind === "archived") return "synced";
    const topic = this.#topics.get(owner);
    assert(topic !== undefined, `topic ${owner} is in the catalog`);
    return atLeastWritten(record.kind, topicDurability(topic.settings));
  }
}

/** What lies in the journal goes on to lie there when it is relocated, whatever the durability of its owner has become since. */
const atLeastWritten = (kind: string, durability: JournalPart["durability"]): JournalPart["durability"] =>
  kind === "relocated" && durability === "memory" ? "buffered" : durability;

const joined = <Thing>(some: readonly Thing[], more: readonly Thing[]): readonly Thing[] =>
  some.length === 0 ? more : [...some, ...more];

/** A topic that keeps its records in memory alone goes on after a restart at the same offsets, and empty. */
function withoutRecords(record: TopicJournalRecord): TopicJournalRecord | undefined {
  if (record.kind !== "restored-topic") return undefined;
  const partitions = record.partitions.map(({ endOffset }) => ({ startOffset: endOffset, endOffset }));
  return { ...record, partitions };
}

const part = (owner: number, durability: JournalPart["durability"], encoded: EncodedRecord): JournalPart => ({
  owner,
  durability,
  type: encoded.type,
  head: encoded.head,
  bodies: encoded.bodies,
});
