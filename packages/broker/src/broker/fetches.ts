/** Reading topics: finds what a fetch asks for, waits for it, and brings back from the journal what is not in memory. */
import { Fault } from "@sluice/runtime";
import { type Refused, refuse } from "../queue/refusals.ts";
import type { Fetched } from "../topic/commands.ts";
import { FetchedRecords, fetch, offsetAtTime } from "../topic/fetch.ts";
import type { KeptBatch } from "../topic/holdings.ts";
import type { TopicState } from "../topic/state.ts";
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
import { Waits } from "./waits.ts";

/** Takes the bytes of a batch. False when they are none; `full`: no more of them are wanted. */
interface Taker {
  readonly empty: boolean;
  readonly full: boolean;
  take(batch: KeptBatch, bytes: Uint8Array): boolean;
}

type Bounds = Pick<Fetched, "startOffset" | "endOffset">;

export class Fetches {
  readonly #core: Core;
  readonly #directory: Directory;
  readonly #statistics: Statistics;
  readonly #waits: Waits;

  constructor(core: Core, directory: Directory, statistics: Statistics) {
    this.#core = core;
    this.#directory = directory;
    this.#statistics = statistics;
    this.#waits = new Waits(core.clock);
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
    const taker = new RecordTaker(request);
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
    const answer = offsetAtTime(found.state, partition, timeMs);
    if (!answer.ok) return answer;
    return (await this.#core.commit([])) ?? { ok: true, offset: answer.reply };
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
    if (answer.reply.batches.length === 0 && request.waitMs > 0) {
      const attempt = () => {
        const again = fetch(topic, request);
        return again.ok && again.reply.batches.length === 0 ? undefined : again;
      };
      const waitMs = Math.min(request.waitMs, waitMsMax);
      answer = (await this.#waits.wait(topic.number, waitMs, attempt, signal)) ?? answer;
      signal?.throwIfAborted();
      if (!answer.ok) return answer;
    }
    const failed = await this.#core.commit([]);
    if (failed !== undefined) return failed;
    const { startOffset, endOffset } = answer.reply;
    const unread = await this.#takeAll(topic, request, answer.reply.batches, taker);
    return unread ?? { startOffset, endOffset };
  }

  /**
   * What is damaged is passed over. When that is all there was, what lies behind it is taken, so that no reader stands still there. A
   * refusal when the disk does not give what it has.
   */
  async #takeAll(
    topic: TopicState,
    request: FetchRequest,
    first: readonly KeptBatch[],
    taker: Taker,
  ): Promise<Refused<Refusal> | undefined> {
    const { partition } = request;
    for (let batches = first; batches.length > 0; ) {
      // All at once: what is not in memory is often many small batches.
      const contents = batches.map((batch) => batch.bytes ?? this.#readBack(topic, partition, batch));
      for (const [i, batch] of batches.entries()) {
        if (taker.full) return undefined;
        const content = contents[i];
        const bytes = content instanceof Promise ? await content : content;
        if (bytes === undefined) continue;
        if ("refusal" in bytes) return bytes;
        if (!taker.take(batch, bytes)) this.#tell(topic, partition, batch);
      }
      const last = batches.at(-1);
      if (!taker.empty || last === undefined) return undefined;
      const behind = fetch(topic, { ...request, offset: last.firstOffset + last.count });
      batches = behind.ok ? behind.reply.batches : [];
    }
    return undefined;
  }

  /** Undefined when it is damaged, or was deleted in the meantime. */
  async #readBack(
    topic: TopicState,
    partition: number,
    batch: KeptBatch,
  ): Promise<Uint8Array | Refused<Refusal> | undefined> {
    const { position } = batch;
    try {
      return await this.#core.journal.readBody(position);
    } catch (error) {
      // It may have been relocated in the meantime, and what was there before be gone.
      if (batch.position !== position) return this.#readBack(topic, partition, batch);
      const startOffset = topic.partitions[partition]?.startOffset ?? 0;
      if (batch.firstOffset + batch.count <= startOffset) return undefined;
      if (!(error instanceof Fault && error.code === "body-damaged")) {
        this.#core.log.error({ err: error }, "records could not be read back from the journal");
        return refuse("storage-failed", "The records could not be read back from the disk; try again.");
      }
      this.#tell(topic, partition, batch, error);
      return undefined;
    }
  }

  #tell(topic: TopicState, partition: number, { firstOffset, count }: KeptBatch, err?: unknown): void {
    const name = this.#core.state.catalog.entry(topic.number)?.name ?? "";
    this.#core.log.error(
      { err, topic: name, partition, firstOffset, count },
      "a batch of records is damaged and was passed over",
    );
  }
}

class RecordTaker extends FetchedRecords implements Taker {
  get empty(): boolean {
    return this.records.length === 0;
  }
}

class BatchTaker implements Taker {
  readonly batches: FetchedBatch[] = [];
  readonly full = false;

  get empty(): boolean {
    return this.batches.length === 0;
  }

  take({ firstOffset, count, publishedAtMs }: KeptBatch, bytes: Uint8Array): boolean {
    this.batches.push({ firstOffset, count, publishedAtMs, bytes });
    return true;
  }
}
