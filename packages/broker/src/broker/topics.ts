/** Topics: publishing, reading and live subscribers. */
import { assert } from "@sluice/runtime";
import { type Refused, refuse } from "../queue/refusals.ts";
import type { OutgoingRecord, RecordPlace, TopicRecord } from "../topic/commands.ts";
import { decidePublish } from "../topic/decide/publish.ts";
import type { TopicState } from "../topic/state.ts";
import type {
  LiveSubscribeRequest,
  LiveSubscription,
  ProducerSequence,
  Published,
  PublishRequest,
  Refusal,
  Result,
  SendRequest,
} from "./api.ts";
import { refuseAttributes, refuseBatch } from "./batch.ts";
import { type Core, storageFailed } from "./core.ts";
import type { Directory } from "./directory.ts";
import { Fetches } from "./fetches.ts";
import { batchOverheadBytes, messageOverheadBytes } from "./limits.ts";
import { LiveSubscribers } from "./live-subscriptions.ts";
import { placesOf, remembered, repeated, runsOf } from "./repeats.ts";
import { inTopics } from "./state.ts";
import type { Statistics } from "./statistics.ts";

/** What was published to a topic, for those who listen. */
export interface Publication {
  readonly topic: TopicState;
  readonly records: readonly OutgoingRecord[];
  readonly places: readonly RecordPlace[];
  readonly publishedAtMs: number;
}

export class Topics {
  readonly #core: Core;
  readonly #directory: Directory;
  readonly #statistics: Statistics;
  readonly fetches: Fetches;
  readonly #live = new Map<number, LiveSubscribers>();

  constructor(core: Core, directory: Directory, statistics: Statistics) {
    this.#core = core;
    this.#directory = directory;
    this.#statistics = statistics;
    this.fetches = new Fetches(core, directory, statistics);
  }

  /** Ends long polls and live subscriptions. */
  close(): void {
    this.fetches.close();
    for (const subscribers of this.#live.values()) subscribers.close("shutting-down");
  }

  /** The topic is about to go: nobody hears anything of it any more. */
  removed(number: number): void {
    this.#live.get(number)?.close("unknown-topic");
    this.#live.delete(number);
    this.fetches.removed(number);
  }

  async publish({ topic: name, records: given, producer }: PublishRequest): Promise<Result<Published>> {
    const refused = this.#core.refusal("new");
    if (refused !== undefined) return refused;
    await this.room(name);
    // Before the memory is looked at: a repeat adds nothing to it.
    const repeat = this.#isLive(name) ? undefined : repeated(this.#core, producer);
    const tooMuch = repeat === undefined ? this.refuseRecords([{ topic: name, records: given }]) : undefined;
    if (tooMuch !== undefined) return tooMuch;
    const found = this.#directory.topic(name, "use");
    if (!found.ok) return found;
    const topic = found.state;
    if (topic.settings.retention === "live") return this.#pass(topic, given);
    if (repeat === undefined) return this.#append(topic, given, producer);
    if ("refusal" in repeat) return repeat;
    const durability = this.#core.durability(topic.settings.durability);
    return (await this.#core.commit([])) ?? { ok: true, places: placesOf(repeat.published[0]), durability };
  }

  /** Undefined when these records can be taken now, together with these messages. */
  refuseRecords(
    publishes: readonly PublishRequest[],
    sends: readonly Pick<SendRequest, "queue" | "messages">[] = [],
  ): Refused<Refusal> | undefined {
    const { state } = this.#core;
    const records: OutgoingRecord[] = [];
    let overheadBytes = 0;
    let holdsBodies = false;
    for (const { topic: name, records: given } of publishes) {
      const settings = state.topic(state.catalog.find("topic", name)?.number ?? 0)?.settings;
      if (settings?.retention === "log" && settings.durability === "memory") holdsBodies = true;
      overheadBytes += Math.min(given.length, settings?.partitionCount ?? 1) * batchOverheadBytes;
      for (const record of given) records.push(record);
    }
    const messages = sends.flatMap((send) => send.messages);
    for (const { queue: name } of sends) {
      const settings = state.queue(state.catalog.find("queue", name)?.number ?? 0)?.settings;
      if (settings?.durability === "memory") holdsBodies = true;
    }
    overheadBytes += messages.length * messageOverheadBytes;
    const incoming = messages.length === 0 ? records : [...records, ...messages];
    const memory = this.#core.memory(holdsBodies);
    return refuseBatch(incoming, memory, overheadBytes) ?? refuseAttributes(records);
  }

  subscribeLive(request: LiveSubscribeRequest): Result<{ readonly subscription: LiveSubscription }> {
    const refused = this.#core.refusal("new");
    if (refused !== undefined) return refused;
    const found = this.#directory.topic(request.topic, "use");
    if (!found.ok) return found;
    const { number } = found.state;
    let subscribers = this.#live.get(number);
    if (subscribers === undefined) {
      subscribers = new LiveSubscribers(this.#core.limits.liveBufferBytesMax);
      this.#live.set(number, subscribers);
    }
    if (subscribers.count >= request.subscriberCountMax) {
      const detail = `The topic '${request.topic}' has ${subscribers.count} consumers; ${request.subscriberCountMax} are the most.`;
      return refuse("too-many-consumers", detail);
    }
    return { ok: true, subscription: subscribers.add(request) };
  }

  room(name: string): Promise<void> | undefined {
    const number = this.#core.state.catalog.find("topic", name)?.number;
    return number === undefined ? undefined : this.#live.get(number)?.room();
  }

  liveSubscriberCount(topic: TopicState): number {
    return this.#live.get(topic.number)?.count ?? 0;
  }

  /** Hands what has settled to those who listen and to those who wait. */
  announce({ topic, records, places, publishedAtMs }: Publication): void {
    this.#statistics.count("publish", records.length);
    const subscribers = this.#live.get(topic.number);
    if (subscribers === undefined || subscribers.count === 0) {
      if (topic.settings.retention === "live") this.#statistics.unheard(records.length);
    } else {
      const dropped = subscribers.deliver(
        records.map((record, i): TopicRecord => {
          const place = places[i];
          assert(place !== undefined, "each record has its place");
          return { ...record, ...place, publishedAtMs };
        }),
      );
      this.#statistics.overflowed(dropped);
    }
    this.fetches.serve(topic.number);
  }

  #isLive(name: string): boolean {
    const { state } = this.#core;
    return state.topic(state.catalog.find("topic", name)?.number ?? 0)?.settings.retention === "live";
  }

  /** A live topic: nothing is written and nothing waits, neither for the disk nor for what else is being written. */
  #pass(topic: TopicState, records: readonly OutgoingRecord[]): Result<Published> {
    const now = this.#core.now();
    const decided = decidePublish(topic, { records }, now);
    if (!decided.ok) return decided;
    this.#core.applyUnwritten(inTopics(decided.records));
    const { places } = decided.reply;
    this.announce({ topic, records, places, publishedAtMs: now.wallMs });
    return { ok: true, places, durability: "memory" };
  }

  #append(
    topic: TopicState,
    records: readonly OutgoingRecord[],
    producer: ProducerSequence | undefined,
  ): Promise<Result<Published>> {
    const tooMuch = this.#core.refuseGrowth(topic.settings.durability);
    if (tooMuch !== undefined) return Promise.resolve(tooMuch);
    const now = this.#core.now();
    const decided = decidePublish(topic, { records }, now);
    if (!decided.ok) return Promise.resolve(decided);
    const { places } = decided.reply;
    return new Promise((resolve) => {
      const answer = { sent: [], published: [runsOf(places)] };
      const changes = [
        ...inTopics(decided.records),
        ...remembered(producer, answer, topic.settings.durability),
      ];
      this.#core.commitThen(changes, (fault) => {
        if (fault !== undefined) return resolve(storageFailed(fault));
        this.announce({ topic, records, places, publishedAtMs: now.wallMs });
        resolve({ ok: true, places, durability: this.#core.durability(topic.settings.durability) });
      });
    });
  }
}
