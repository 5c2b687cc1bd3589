/** Transactions: publishes, acks, an offset commit and queue messages in one atomic append, with a fence. */

import type { Load, OutgoingMessage } from "../queue/commands.ts";
import { decideAckBatch } from "../queue/decide/ack.ts";
import { decideSend } from "../queue/decide/send.ts";
import type { Receipt } from "../queue/message.ts";
import type { Now } from "../queue/now.ts";
import { type Refused, refuse } from "../queue/refusals.ts";
import type { QueueState } from "../queue/state.ts";
import type { Commit, Fence, OutgoingRecord, Transaction } from "../topic/commands.ts";
import { decideTransaction } from "../topic/decide/transaction.ts";
import type { TopicState } from "../topic/state.ts";
import type { Refusal, Result, Transacted, TransactRequest } from "./api.ts";
import { type Core, storageFailed } from "./core.ts";
import type { Directory } from "./directory.ts";
import { messageId, parseReceipt } from "./ids.ts";
import {
  runsOfSequences,
  type SequenceOf,
  type SequenceRun,
  sequencesOf,
  sequencesOfRun,
  withContentIds,
} from "./queue-sends.ts";
import { placesOf, remembered, repeated, runsOf } from "./repeats.ts";
import { type Change, inGroups, inQueues, inTopics } from "./state.ts";
import type { Statistics } from "./statistics.ts";
import type { Topics } from "./topics.ts";

/** The sends of a transaction, decided. */
interface Sends {
  readonly changes: readonly Change[];
  readonly runs: readonly SequenceRun[];
  /** Messages that come in, and those that were there before. */
  readonly sent: number;
  readonly duplicates: number;
}

export class Transactions {
  readonly #core: Core;
  readonly #directory: Directory;
  readonly #topics: Topics;
  readonly #statistics: Statistics;

  constructor(core: Core, directory: Directory, topics: Topics, statistics: Statistics) {
    this.#core = core;
    this.#directory = directory;
    this.#topics = topics;
    this.#statistics = statistics;
  }

  /** Everything is decided before anything is appended, so that a refusal leaves no trace. */
  async transact(request: TransactRequest): Promise<Result<Transacted>> {
    const { state } = this.#core;
    const refused = this.#core.refusal("new");
    if (refused !== undefined) return refused;
    // Before the memory is looked at: a repeat adds nothing to it.
    const repeat = repeated(this.#core, request.producer);
    if (repeat !== undefined && "refusal" in repeat) return repeat;
    const tooLarge =
      repeat === undefined ? this.#topics.refuseRecords(request.publishes, request.sends ?? []) : undefined;
    if (tooLarge !== undefined) return tooLarge;
    const resolved = this.#resolve(request);
    if ("refusal" in resolved) return resolved;
    const durability = this.#core.durability(resolved.durability);
    if (repeat !== undefined) {
      const messageIds = this.#idsOf(repeat.sent, request);
      const places = repeat.published.map(placesOf);
      return (await this.#core.commit([])) ?? { ok: true, places, messageIds, durability };
    }
    const adds = resolved.published.length > 0 || resolved.sends.size > 0;
    const tooMuch = adds ? this.#core.refuseGrowth(resolved.durability) : undefined;
    if (tooMuch !== undefined) return tooMuch;
    const now = this.#core.now();
    const decided = decideTransaction(resolved.transaction, now, state);
    if (!decided.ok) return decided;
    const changes: Change[] = [...inTopics(decided.topics), ...inGroups(decided.groups)];
    const acked = this.#ack(resolved, now);
    if ("refusal" in acked) return acked;
    changes.push(...acked);
    const sent = this.#send(resolved, request, now);
    if ("refusal" in sent) return sent;
    changes.push(...sent.changes);
    const { places } = decided.reply;
    const answer = { sent: sent.runs, published: places.map(runsOf) };
    changes.push(...remembered(request.producer, answer, resolved.durability));
    return new Promise((resolve) => {
      this.#core.commitThen(changes, (fault) => {
        if (fault !== undefined) return resolve(storageFailed(fault));
        for (const [i, { topic, records }] of resolved.published.entries()) {
          this.#topics.announce({ topic, records, places: places[i] ?? [], publishedAtMs: now.wallMs });
        }
        for (const receipts of resolved.acks.values()) this.#statistics.count("ack", receipts.length);
        this.#statistics.count("send", sent.sent);
        this.#statistics.count("duplicate", sent.duplicates);
        resolve({ ok: true, places, messageIds: this.#idsOf(sent.runs, request), durability });
      });
    });
  }

  /** Q18: all of them or none. */
  #ack({ acks }: Resolved, now: Now): readonly Change[] | Refused<Refusal> {
    const changes: Change[] = [];
    for (const [queue, receipts] of acks) {
      const { records, reply } = decideAckBatch(queue, { receipts }, now);
      const refused = reply.refusals.find((one) => one !== undefined);
      if (refused !== undefined) return refused;
      changes.push(...inQueues(records));
    }
    return changes;
  }

  /** One command a queue, with the messages of all sends to it; the runs are in the order of the sends. */
  #send({ sends, acks }: Resolved, request: TransactRequest, now: Now): Sends | Refused<Refusal> {
    const changes: Change[] = [];
    let [sent, duplicates] = [0, 0];
    const sequences = new Map<number, SequenceOf>();
    for (const [queue, messages] of sends) {
      const leaving = loadOf(queue, acks.get(queue) ?? []);
      const decided = decideSend(queue, { messages, leaving }, now);
      if (!decided.ok) return decided;
      changes.push(...inQueues(decided.records));
      sequences.set(queue.number, sequencesOf(decided.reply, messages.length));
      duplicates += decided.reply.duplicates.size;
      sent += messages.length - decided.reply.duplicates.size;
    }
    const runs: SequenceRun[] = [];
    const begun = new Map<number, number>();
    for (const { queue: name, messages } of request.sends ?? []) {
      const number = this.#core.state.catalog.find("queue", name)?.number ?? 0;
      const first = begun.get(number) ?? 0;
      begun.set(number, first + messages.length);
      const sequenceAt: SequenceOf = (place) => sequences.get(number)?.(first + place) ?? 0;
      runs.push(...runsOfSequences(number, sequenceAt, messages.length));
    }
    return { changes, runs, sent, duplicates };
  }

  /** The ids of the messages of each send, out of the runs of all of them. */
  #idsOf(runs: readonly SequenceRun[], { sends = [] }: TransactRequest): readonly (readonly string[])[] {
    if (sends.length === 0) return [];
    const { salt } = this.#core;
    const ids = runs.flatMap((run) =>
      sequencesOfRun(run).map((sequence) => messageId(salt, run.queue, sequence)),
    );
    let end = 0;
    return sends.map(({ messages }) => {
      end += messages.length;
      return ids.slice(end - messages.length, end);
    });
  }

  #resolve(request: TransactRequest): Resolved | Refused<Refusal> {
    const published: { readonly topic: TopicState; readonly records: readonly OutgoingRecord[] }[] = [];
    for (const { topic: name, records } of request.publishes) {
      const found = this.#directory.topic(name, "use");
      if (!found.ok) return found;
      published.push({ topic: found.state, records });
    }
    const sends = this.#resolveSends(request);
    if ("refusal" in sends) return sends;
    const acks = this.#resolveAcks(request);
    if ("refusal" in acks) return acks;
    const commit = this.#resolveCommit(request);
    if (commit !== undefined && "refusal" in commit) return commit;
    const fence = this.#resolveFence(request);
    if (fence !== undefined && "refusal" in fence) return fence;
    const publishes = published.map(({ topic, records }) => ({ topic: topic.number, records }));
    const asked = [
      ...published.map(({ topic }) => topic.settings),
      ...[...sends.keys(), ...acks.keys()].map(({ settings }) => settings),
    ];
    // One append is as durable as the most durable of its parts; a commit of offsets is always synced.
    const synced = commit !== undefined || asked.some(({ durability }) => durability === "synced");
    const durability = synced
      ? "synced"
      : asked.some((one) => one.durability === "buffered")
        ? "buffered"
        : "memory";
    return {
      transaction: { publishes, ...(commit && { commit }), ...(fence && { fence }) },
      published,
      sends,
      acks,
      durability,
    };
  }

  #resolveSends({
    sends = [],
  }: TransactRequest): ReadonlyMap<QueueState, readonly OutgoingMessage[]> | Refused<Refusal> {
    const byQueue = new Map<QueueState, OutgoingMessage[]>();
    for (const { queue: name, messages } of sends) {
      const found = this.#directory.queue(name, "use");
      if (!found.ok) return found;
      const identified = withContentIds(messages, found.state.settings);
      byQueue.set(found.state, [...(byQueue.get(found.state) ?? []), ...identified]);
    }
    return byQueue;
  }

  #resolveAcks({
    acks = [],
  }: TransactRequest): ReadonlyMap<QueueState, readonly Receipt[]> | Refused<Refusal> {
    const byQueue = new Map<QueueState, Receipt[]>();
    for (const { queue: name, receipts } of acks) {
      const found = this.#directory.queue(name, "look");
      if (!found.ok) return found;
      const own = byQueue.get(found.state) ?? [];
      byQueue.set(found.state, own);
      for (const given of receipts) {
        const { salt } = this.#core;
        const receipt = typeof given === "string" ? parseReceipt(salt, found.state.number, given) : given;
        if (receipt === undefined) {
          return refuse("unknown-message", `That is no receipt of the queue '${name}'.`);
        }
        own.push(receipt);
      }
    }
    return byQueue;
  }

  #resolveCommit({
    commit,
  }: TransactRequest): (Commit & { readonly group: number }) | Refused<Refusal> | undefined {
    if (commit === undefined) return undefined;
    const group = this.#directory.group(commit.group, "look");
    if (!group.ok) return group;
    const offsets = [];
    for (const { topic, partition, offset } of commit.offsets) {
      const found = this.#directory.topic(topic, "look");
      if (!found.ok) return found;
      offsets.push({ topic: found.state.number, partition, offset });
    }
    return { group: group.state.number, generation: commit.generation, offsets };
  }

  #resolveFence({
    fence,
  }: TransactRequest): (Fence & { readonly group: number }) | Refused<Refusal> | undefined {
    if (fence === undefined) return undefined;
    const group = this.#directory.group(fence.group, "look");
    if (!group.ok) return group;
    const topic = this.#directory.topic(fence.topic, "look");
    if (!topic.ok) return topic;
    const { generation, partition, expectedOffset } = fence;
    return { group: group.state.number, topic: topic.state.number, generation, partition, expectedOffset };
  }
}

/** What the receipts, which hold, stand for. */
function loadOf({ index, messages }: QueueState, receipts: readonly Receipt[]): Load {
  const bodyBytes = receipts.reduce(
    (sum, { sequence }) => sum + (messages.bodyBytes[index.find(sequence)] ?? 0),
    0,
  );
  return { messageCount: receipts.length, bodyBytes };
}

interface Resolved {
  readonly transaction: Transaction;
  readonly published: readonly { readonly topic: TopicState; readonly records: readonly OutgoingRecord[] }[];
  readonly sends: ReadonlyMap<QueueState, readonly OutgoingMessage[]>;
  readonly acks: ReadonlyMap<QueueState, readonly Receipt[]>;
  readonly durability: "synced" | "buffered" | "memory";
}
