/**
 * A shell as small as can be, for tests of topics and groups: both by number, a clock that stands, and a journal that is a list. What is
 * decided is encoded, decoded again and applied; the whole world can be folded anew from its journal or from a checkpoint.
 */
import { deepEqual, ok } from "node:assert/strict";
import {
  type EncodedRecord,
  noAttributes,
  type OwnedRecord,
  type Refused,
  type ReplayedBody,
} from "../../src/queue/index.ts";
import {
  applyToGroup,
  applyToTopic,
  decideConfigureTopic,
  decodeGroupRecord,
  decodeTopicRecord,
  defaultTopicSettings,
  encodeGroupRecord,
  encodeTopicRecord,
  type Fetch,
  FetchedRecords,
  fetch,
  type GroupFact,
  GroupState,
  isWritten,
  type KeptBatch,
  nextRange,
  type OutgoingRecord,
  type RecordsArchived,
  snapshotGroup,
  snapshotTopic,
  type TopicJournalRecord,
  type TopicRecord,
  type TopicSettings,
  TopicState,
  topicDurability,
} from "../../src/topic/index.ts";

interface WrittenPart extends Omit<EncodedRecord, "bodies"> {
  readonly owner: number;
  readonly bodies: readonly ReplayedBody[];
}

const isOfGroup = (record: TopicJournalRecord | GroupFact): record is GroupFact =>
  record.kind === "generation-begun" ||
  record.kind === "offsets-committed" ||
  record.kind === "restored-group" ||
  record.kind === "membership-changed" ||
  record.kind === "member-heard";

export class TopicWorld {
  wallMs = Date.UTC(2026, 0, 1);
  monotonicMs = 0;
  readonly topics = new Map<number, TopicState>();
  readonly groups = new Map<number, GroupState>();
  /** Every append so far; each is a list of parts that are there together or not at all. */
  readonly journal: WrittenPart[][] = [];
  /** Bodies by position, as the segments of a journal hold them. */
  readonly #segments: Map<number, Uint8Array>;
  /** What the files of the archive hold, by number. */
  readonly #files: Map<number, readonly KeptBatch[]>;

  constructor(segments = new Map<number, Uint8Array>(), files = new Map<number, readonly KeptBatch[]>()) {
    this.#segments = segments;
    this.#files = files;
  }

  get now() {
    return { wallMs: this.wallMs, monotonicMs: this.monotonicMs };
  }

  topic(number: number): TopicState | undefined {
    return this.topics.get(number);
  }

  group(number: number): GroupState | undefined {
    return this.groups.get(number);
  }

  /** The topic of that number, which must be there. */
  theTopic(number: number): TopicState {
    const state = this.topics.get(number);
    ok(state, `topic ${number} is there`);
    return state;
  }

  /** The group of that number, which must be there. */
  theGroup(number: number): GroupState {
    const state = this.groups.get(number);
    ok(state, `group ${number} is there`);
    return state;
  }

  createTopic(number: number, settings: Partial<TopicSettings> = {}): TopicState {
    const state = new TopicState(number);
    this.topics.set(number, state);
    const decided = decideConfigureTopic(state, { ...defaultTopicSettings, ...settings });
    ok(decided.ok, "the settings are valid");
    this.append(decided.records);
    return state;
  }

  createGroup(number: number): void {
    this.groups.set(number, new GroupState(number));
  }

  /** Appends and applies what was decided, and returns the reply. A refusal is returned as it is. */
  submit<Reply>(
    decision:
      | {
          readonly ok: true;
          readonly records: readonly OwnedRecord<TopicJournalRecord | GroupFact>[];
          readonly reply: Reply;
        }
      | Refused<string>,
  ): Reply | Refused<string> {
    if (!decision.ok) return decision;
    this.append(decision.records);
    return decision.reply;
  }

  append(records: readonly OwnedRecord<TopicJournalRecord | GroupFact>[]): void {
    const parts: WrittenPart[] = [];
    for (const { owner, record } of records) {
      if (isOfGroup(record)) {
        applyToGroup(this.theGroup(owner), record);
        if (isWritten(record)) parts.push(this.#placed(owner, encodeGroupRecord(record)));
        continue;
      }
      const topic = this.theTopic(owner);
      const written = topicDurability(topic.settings) !== "memory" || record.kind === "configured";
      const part = this.#placed(owner, encodeTopicRecord(record));
      if (written) parts.push(part);
      applyToTopic(topic, record, written ? part.bodies.map(({ position }) => position) : []);
    }
    if (parts.length > 0) this.journal.push(parts);
  }

  /** The same world after a restart: the fold of its journal. */
  restarted(journal: readonly WrittenPart[][] = this.journal): TopicWorld {
    const world = new TopicWorld(this.#segments, this.#files);
    world.wallMs = this.wallMs;
    world.monotonicMs = this.monotonicMs;
    world.journal.push(...journal);
    for (const number of this.topics.keys()) world.topics.set(number, new TopicState(number));
    for (const number of this.groups.keys()) world.groups.set(number, new GroupState(number));
    for (const parts of journal) for (const part of parts) world.#replay(part);
    return world;
  }

  /** The same world after a checkpoint and a restart. */
  checkpointed(): TopicWorld {
    const topics = [...this.topics.values()].flatMap((state) =>
      [...snapshotTopic(state)].map((record) => [this.#placed(state.number, encodeTopicRecord(record))]),
    );
    const groups = [...this.groups.values()].flatMap((state) =>
      [...snapshotGroup(state)].map((record) => [this.#placed(state.number, encodeGroupRecord(record))]),
    );
    return this.restarted([...topics, ...groups]);
  }

  /** The bytes of a batch, from the segments when they are not in memory. */
  bytesOf({ bytes, position }: KeptBatch): Uint8Array {
    const found = bytes ?? this.#segments.get(position);
    ok(found, `a batch lies at ${position}`);
    return found;
  }

  /** Fetches as the shell does; the refusal when there is one. */
  read(number: number, ask: Fetch): readonly TopicRecord[] | string {
    const taken = new FetchedRecords(ask);
    for (let offset = ask.offset; ; ) {
      const answer = fetch(this.theTopic(number), { ...ask, offset });
      if (!answer.ok) return answer.refusal;
      const { archived, batches } = answer.reply;
      const behind = (this.#files.get(archived?.file.number ?? 0) ?? []).filter(
        ({ firstOffset, count }) => firstOffset + count > offset,
      );
      for (const batch of archived === undefined ? batches : behind) {
        if (!taken.full) ok(taken.take(batch, this.bytesOf(batch)), "what was written can be read");
      }
      if (archived === undefined) return taken.records;
      offset = archived.endOffset;
    }
  }

  /** Moves the oldest batches of a partition into a file, as the shell does; the record, or undefined when there is nothing to be moved. */
  archive(number: number, partition = 0, fileBytesMax = 1e6): RecordsArchived | undefined {
    const topic = this.theTopic(number);
    const log = topic.partitions[partition];
    const range =
      log &&
      nextRange(log, topic.settings, {
        fileBytesMax,
        fileBytesMin: 0,
        untilOffset: log.endOffset,
        beforePosition: Number.POSITIVE_INFINITY,
      });
    if (range === undefined) return undefined;
    const { batches, ...rest } = range;
    const file = { number: this.#files.size + 1, salt: 0xffff_ffff };
    this.#files.set(
      file.number,
      batches.map((batch) => ({ ...batch, bytes: this.bytesOf(batch) })),
    );
    const record = { kind: "archived", partition, file, ...rest } as const;
    this.append([{ owner: number, record }]);
    return record;
  }

  /** Everything that outlives a restart, in an order that does not depend on how it came about. */
  dump() {
    const topics = [...this.topics.values()].map((state) => ({
      settings: state.settings,
      turn: state.settings.retention === "live" ? 0 : state.turn,
      orphanRecords: state.orphanRecords,
      partitions: state.partitions.map((log, partition) => {
        if (state.settings.retention === "live") return "live";
        const { startOffset, endOffset } = log;
        const ask = { partition, offset: startOffset, recordsMax: 1e9, bytesMax: 1e9 };
        const places = log.batches.map(({ firstOffset, count }) => ({ firstOffset, count }));
        return {
          startOffset,
          endOffset,
          places,
          archived: log.archived,
          records: this.read(state.number, ask),
        };
      }),
    }));
    const groups = [...this.groups.values()].map(({ assignment, committed }) => ({
      generation: assignment.generation,
      committed: [...committed]
        .flatMap(([topic, offsets]) =>
          [...offsets].map(([partition, offset]) => ({ topic, partition, offset })),
        )
        .sort((a, b) => a.topic - b.topic || a.partition - b.partition),
    }));
    return { topics, groups };
  }

  /** What must hold at any time: the fold of the journal, and of a checkpoint, is this state without the members of groups. */
  audit(): void {
    deepEqual(this.restarted().dump(), this.dump(), "the fold of the journal");
    deepEqual(this.checkpointed().dump(), this.dump(), "the fold of a checkpoint");
  }

  #placed(owner: number, { type, head, bodies }: EncodedRecord): WrittenPart {
    const placed = bodies.map((body): ReplayedBody => {
      // What lies in a segment already comes back by its place alone, as a journal gives it.
      if (!(body instanceof Uint8Array)) return body;
      const position = this.#segments.size + 1;
      this.#segments.set(position, body);
      return { position, bytes: body };
    });
    return { owner, type, head, bodies: placed };
  }

  #replay({ owner, type, head, bodies }: WrittenPart): void {
    const group = this.groups.get(owner);
    if (group !== undefined) {
      const decoded = decodeGroupRecord(type, head);
      ok(decoded.ok, "what was written can be read");
      applyToGroup(group, decoded.record);
      return;
    }
    const decoded = decodeTopicRecord(type, head, bodies);
    ok(decoded.ok, "what was written can be read");
    const positions = bodies.map(({ position }) => position);
    applyToTopic(this.theTopic(owner), decoded.record, positions);
  }
}

/** A record to be published: `key:body`, or `body` alone for one without a key. */
export function outgoing(text: string): OutgoingRecord {
  const [body = "", key] = text.split(":").reverse();
  const utf8 = new TextEncoder();
  return {
    key: key === undefined ? undefined : utf8.encode(key),
    body: utf8.encode(body),
    attributes: noAttributes,
  };
}
