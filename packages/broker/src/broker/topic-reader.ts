/**
 * Brings together what a fetch asked for, wherever it is: in memory, in the log or in the archive. What moves or is deleted while it is being read is
 * looked for again; what is damaged is told to the log and passed over.
 */
import { AssertionFailed, assert, Fault } from "@sluice/runtime";
import { type Refused, refuse } from "../queue/refusals.ts";
import type { ArchivedRange } from "../topic/archived-range.ts";
import type { Fetched } from "../topic/commands.ts";
import { fetch, offsetAtTime } from "../topic/fetch.ts";
import type { KeptBatch } from "../topic/holdings.ts";
import type { TopicRefusal } from "../topic/refusals.ts";
import type { TopicState } from "../topic/state.ts";
import type { FetchRequest } from "./api.ts";
import type { Core } from "./core.ts";

/** What of a batch does not depend on where it is. */
export type BatchPlace = Pick<KeptBatch, "firstOffset" | "count" | "publishedAtMs">;

/** Takes the bytes of a batch. False when they are none; `full`: no more of them are wanted. */
export interface Taker {
  readonly full: boolean;
  take(batch: BatchPlace, bytes: Uint8Array): boolean;
}

/** What came of one step: where to go on. Undefined: there is enough. */
type Step = { readonly nextOffset: number } | undefined;

type StorageFailed = Refused<"storage-failed">;

export class TopicReader {
  readonly #core: Core;

  constructor(core: Core) {
    this.#core = core;
  }

  /**
   * Reads on from what was found at the offset of the request until the request has enough. Nothing at or behind `found.endOffset` is read: it may
   * not have settled. When all is damaged that was found, what lies behind it is read, so that no reader stands still there. A refusal when the disk
   * does not give what it has.
   */
  async read(
    topic: TopicState,
    request: FetchRequest,
    found: Fetched,
    taker: Taker,
  ): Promise<StorageFailed | undefined> {
    const reading = new Reading(this.#core, topic, request, found.endOffset, taker);
    try {
      await reading.run(found);
    } catch (error) {
      return this.#failed(error);
    }
    return undefined;
  }

  /** See `BrokerApi.offsetAt`. */
  async offsetAt(
    topic: TopicState,
    partition: number,
    timeMs: number,
  ): Promise<{ readonly ok: true; readonly offset: number } | Refused<TopicRefusal | "storage-failed">> {
    for (let fromOffset = 0; ; ) {
      const answer = offsetAtTime(topic, partition, timeMs, fromOffset);
      if (!answer.ok) return answer;
      if (typeof answer.reply === "number") return { ok: true, offset: answer.reply };
      const { file, endOffset } = answer.reply;
      try {
        const startOffset = topic.partitions[partition]?.startOffset ?? 0;
        const from = Math.max(fromOffset, startOffset);
        const offset = await this.#core.journal.archive?.offsetAtTime(file, timeMs, from);
        if (offset !== undefined) return { ok: true, offset: Math.max(offset, from) };
      } catch (error) {
        return this.#failed(error);
      }
      fromOffset = endOffset;
    }
  }

  #failed(error: unknown): StorageFailed {
    if (error instanceof AssertionFailed) throw error;
    this.#core.log.error({ err: error }, "records could not be read back from the disk");
    return refuse("storage-failed", "The records could not be read back from the disk; try again.");
  }
}

/** One request on its way. */
class Reading {
  readonly #core: Core;
  readonly #topic: TopicState;
  readonly #request: FetchRequest;
  readonly #untilOffset: number;
  readonly #taker: Taker;
  #records = 0;
  #bytes = 0;

  constructor(core: Core, topic: TopicState, request: FetchRequest, untilOffset: number, taker: Taker) {
    this.#core = core;
    this.#topic = topic;
    this.#request = request;
    this.#untilOffset = untilOffset;
    this.#taker = taker;
  }

  async run(first: Fetched): Promise<void> {
    let offset = this.#request.offset;
    for (let found = first; ; ) {
      const { archived, batches } = found;
      const step = await (archived === undefined
        ? this.#takeKept(batches)
        : this.#takeArchived(archived, offset));
      if (step === undefined) return;
      offset = Math.max(step.nextOffset, this.#startOffset);
      if (offset >= this.#untilOffset || this.#enough) return;
      const next = fetch(this.#topic, { ...this.#request, offset, ...this.#left });
      if (!next.ok) return;
      found = next.reply;
    }
  }

  get #startOffset(): number {
    return this.#topic.partitions[this.#request.partition]?.startOffset ?? 0;
  }

  get #left(): { readonly recordsMax: number; readonly bytesMax: number } {
    const { recordsMax, bytesMax } = this.#request;
    return { recordsMax: recordsMax - this.#records, bytesMax: bytesMax - this.#bytes };
  }

  get #enough(): boolean {
    const { recordsMax, bytesMax } = this.#left;
    return this.#taker.full || (this.#records > 0 && (recordsMax <= 0 || bytesMax <= 0));
  }

  /** False when there is enough without it. */
  #take(batch: BatchPlace, bytes: Uint8Array): boolean {
    const { firstOffset, count } = batch;
    if (this.#enough || firstOffset >= this.#untilOffset) return false;
    if (this.#records > 0 && bytes.byteLength > this.#left.bytesMax) return false;
    if (!this.#taker.take(batch, bytes)) {
      this.#tell(batch);
      return true;
    }
    this.#records += firstOffset + count - Math.max(firstOffset, this.#request.offset);
    this.#bytes += bytes.byteLength;
    return true;
  }

  async #takeKept(batches: readonly KeptBatch[]): Promise<Step> {
    if (this.#records > 0 && (batches[0]?.byteLength ?? 0) > this.#left.bytesMax) return undefined;
    // All at once: what is not in memory is often many small batches.
    const reads = batches.map((batch) => batch.bytes ?? this.#readBack(batch));
    const contents = reads.some((read) => read instanceof Promise) ? await Promise.all(reads) : reads;
    for (const [i, batch] of batches.entries()) {
      const bytes = contents[i] as Awaited<(typeof reads)[number]>;
      if (bytes === "archived") return { nextOffset: batch.firstOffset };
      if (bytes !== undefined && !this.#take(batch, bytes)) return undefined;
    }
    const last = batches.at(-1);
    return this.#records > 0 ? undefined : last && { nextOffset: last.firstOffset + last.count };
  }

  async #takeArchived({ file, endOffset }: ArchivedRange, offset: number): Promise<Step> {
    const ask = { offset, endOffset, ...this.#left };
    const answer = await this.#core.journal.archive?.read(file, ask);
    for (const batch of answer?.batches ?? []) if (!this.#take(batch, batch.bytes)) return undefined;
    const nextOffset = answer?.nextOffset ?? endOffset;
    assert(nextOffset > offset, "a range that has an offset reaches beyond it");
    return { nextOffset };
  }

  /** Undefined when it is damaged, or was deleted in the meantime. */
  async #readBack(batch: KeptBatch): Promise<Uint8Array | "archived" | undefined> {
    const { position, firstOffset, count } = batch;
    try {
      return await this.#core.journal.readBody(position);
    } catch (error) {
      // It may have been moved in the meantime, and what was there before be gone.
      if (batch.position !== position) return this.#readBack(batch);
      if (firstOffset + count <= this.#startOffset) return undefined;
      const log = this.#topic.partitions[this.#request.partition];
      if (log?.rangeAt(firstOffset) !== undefined) return "archived";
      if (!(error instanceof Fault && error.code === "body-damaged")) throw error;
      this.#tell(batch, error);
      return undefined;
    }
  }

  #tell({ firstOffset, count }: BatchPlace, err?: unknown): void {
    const { topic, partition } = this.#request;
    this.#core.log.error(
      { err, topic, partition, firstOffset, count },
      "a batch of records is damaged and was passed over",
    );
  }
}
