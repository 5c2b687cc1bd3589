/** Reading topics: finds what a fetch asks for, and waits for it when there is nothing yet. */
import type { Refused } from "../queue/refusals.ts";
import type { Fetched } from "../topic/commands.ts";
import { FetchedRecords, fetch } from "../topic/fetch.ts";
import type {
  FetchAnswer,
  FetchBatchesAnswer,
  FetchedBatch,
  FetchRequest,
  OffsetAtRequest,
  Refusal,
  Result,
} from "./api.ts";
import { refuseCount } from "./batch.ts";
import type { Core } from "./core.ts";
import type { Directory } from "./directory.ts";
import { waitMsMax } from "./limits.ts";
import type { Statistics } from "./statistics.ts";
import { type BatchPlace, type Taker, TopicReader } from "./topic-reader.ts";
import { Waits } from "./waits.ts";

type Bounds = Pick<Fetched, "startOffset" | "endOffset">;

export class Fetches {
  readonly #core: Core;
  readonly #directory: Directory;
  readonly #statistics: Statistics;
  readonly #waits: Waits;
  readonly #reader: TopicReader;

  constructor(core: Core, directory: Directory, statistics: Statistics) {
    this.#core = core;
    this.#directory = directory;
    this.#statistics = statistics;
    this.#waits = new Waits(core.clock);
    this.#reader = new TopicReader(core);
  }

  /** Ends the waits for a topic that is about to go. */
  removed(topic: number): void {
    this.#waits.end(topic);
  }

  /** Ends the waits of fetches. */
  close(): void {
    this.#waits.close();
  }

  /** More has settled in the topic: fetches that wait for it look again. */
  serve(topic: number): void {
    this.#waits.serve(topic, "all");
  }

  async records(request: FetchRequest): Promise<Result<FetchAnswer>> {
    const taker = new FetchedRecords(request);
    const bounds = await this.#read(request, taker);
    if ("refusal" in bounds) return bounds;
    const { records } = taker;
    this.#statistics.count("fetch", records.length);
    return { ok: true, records, ...bounds };
  }

  async batches(request: FetchRequest): Promise<Result<FetchBatchesAnswer>> {
    const taker = new BatchTaker();
    const bounds = await this.#read(request, taker);
    if ("refusal" in bounds) return bounds;
    const { batches } = taker;
    let count = 0;
    for (const batch of batches) count += batch.count;
    this.#statistics.count("fetch", count);
    return { ok: true, batches, ...bounds };
  }

  async offsetAt({
    topic,
    partition,
    timeMs,
  }: OffsetAtRequest): Promise<Result<{ readonly offset: number }>> {
    const refused = this.#core.refusal("new");
    if (refused !== undefined) return refused;
    const found = this.#directory.topic(topic, "look");
    if (!found.ok) return found;
    const answer = await this.#reader.offsetAt(found.state, partition, timeMs);
    if (!answer.ok) return answer;
    return (await this.#core.commit([])) ?? answer;
  }

  /** A record is handed out when it has settled: what a reader acts on must not vanish. */
  async #read(request: FetchRequest, taker: Taker): Promise<Bounds | Refused<Refusal>> {
    const { signal } = request;
    signal?.throwIfAborted();
    const refused = this.#core.refusal("new") ?? refuseCount("recordsMax", request.recordsMax);
    if (refused !== undefined) return refused;
    const found = this.#directory.topic(request.topic, "look");
    if (!found.ok) return found;
    const topic = found.state;
    let answer = fetch(topic, request);
    if (!answer.ok) return answer;
    if (isNothing(answer.reply) && request.waitMs > 0) {
      const attempt = () => {
        const again = fetch(topic, request);
        return again.ok && isNothing(again.reply) ? undefined : again;
      };
      const waitMs = Math.min(request.waitMs, waitMsMax);
      answer = (await this.#waits.wait(topic.number, waitMs, attempt, signal)) ?? answer;
      signal?.throwIfAborted();
      if (!answer.ok) return answer;
    }
    const failed = await this.#core.commit([]);
    if (failed !== undefined) return failed;
    const { startOffset, endOffset } = answer.reply;
    const unread = await this.#reader.read(topic, request, answer.reply, taker);
    return unread ?? { startOffset, endOffset };
  }
}

const isNothing = ({ archived, batches }: Fetched): boolean => archived === undefined && batches.length === 0;

class BatchTaker implements Taker {
  readonly batches: FetchedBatch[] = [];
  readonly full = false;

  take({ firstOffset, count, publishedAtMs }: BatchPlace, bytes: Uint8Array): boolean {
    this.batches.push({ firstOffset, count, publishedAtMs, bytes });
    return true;
  }
}
