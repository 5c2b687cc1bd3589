/**
 * Lets go of stretches of the journal that are kept for few bodies: appends these once more, as `relocated` records, and the journal removes the
 * stretch when that is synced. One chunk after the other, each waiting for its sync, so that what clients ask for goes between them.
 */
import { Fault } from "@sluice/runtime";
import type { BodyPosition } from "../journal/journal.ts";
import { decideRelocate, type FoundBody } from "../queue/decide/relocate.ts";
import { decideRelocateBatches, type FoundBatch } from "../topic/decide/relocate.ts";
import type { Core } from "./core.ts";
import { bodiesWithin, type SparseStretch, sparseStretches, type WantedBody } from "./sparse-stretches.ts";
import { type Change, inQueues, inTopics } from "./state.ts";
import type { Statistics } from "./statistics.ts";

/** What is planned at once: the states are walked again after it. */
const planBytesMax = 16 * 1024 * 1024;
const planCountMax = 100_000;

interface ReadBody {
  readonly body: WantedBody;
  readonly bytes: Uint8Array;
}

export class Relocation {
  readonly #core: Core;
  readonly #statistics: Statistics;
  #running: Promise<void> | undefined;
  #closed = false;
  /** Where damaged bodies lie that are still wanted: they stay there until a delivery tells of them, and so does their stretch. */
  readonly #unreadable = new Set<BodyPosition>();
  /** What was taken of a full disk for stretches that are still there, by where they begin. It comes back when they go. */
  readonly #lent = new Map<BodyPosition, number>();

  constructor(core: Core, statistics: Statistics) {
    this.#core = core;
    this.#statistics = statistics;
  }

  /** Relocates what is worth it now, beside everything else, unless that is under way. */
  start(): void {
    if (this.#closed) return;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
  }

  /** Begins nothing more; resolves when the chunk that is under way has settled. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#running;
  }

  /** Each round takes bodies out of sparse stretches, or finds that they cannot be read: so it ends. */
  async #run(): Promise<void> {
    for (;;) {
      const bodies = this.#plan();
      if (bodies.length === 0 || !(await this.#relocate(bodies))) return;
    }
  }

  #plan(): readonly WantedBody[] {
    const { journal, state } = this.#core;
    if (this.#closed || journal.fault !== undefined) return [];
    const covered = journal.covered();
    const sparse = sparseStretches(state, covered, this.#unreadable);
    const there = new Set(covered.map(({ from }) => from));
    for (const from of this.#lent.keys()) if (!there.has(from)) this.#lent.delete(from);
    const chosen = this.#isFull ? this.#affordable(sparse) : first(sparse);
    return chosen.length === 0 ? [] : bodiesWithin(state, chosen, planCountMax);
  }

  get #isFull(): boolean {
    return this.#core.journal.relocationRoom.bytesMax < Number.POSITIVE_INFINITY;
  }

  /** Of a full disk no more is ever taken than there is known to be, and more only when a stretch has gone for it. */
  #affordable(sparse: readonly SparseStretch[]): readonly SparseStretch[] {
    let roomBytes = this.#core.journal.relocationRoom.bytesMax;
    for (const lentBytes of this.#lent.values()) roomBytes -= lentBytes;
    return sparse.filter(({ from, relocationBytes }) => {
      if (this.#lent.has(from)) return true;
      if (relocationBytes > roomBytes) return false;
      roomBytes -= relocationBytes;
      this.#lent.set(from, relocationBytes);
      return true;
    });
  }

  /** False when it should not go on now. */
  async #relocate(bodies: readonly WantedBody[]): Promise<boolean> {
    const { appendBytesMax } = this.#core.journal.relocationRoom;
    const plannedFull = this.#isFull;
    const append = async (chunk: readonly ReadBody[]): Promise<boolean> => {
      // A disk that has become full meanwhile asks for another plan: the next checkpoint makes it.
      if (this.#closed || (this.#isFull && !plannedFull)) return false;
      return this.#append(chunk);
    };
    let chunk: ReadBody[] = [];
    let chunkBytes = 0;
    for (const body of bodies) {
      const bytes = body.resident ?? (await this.#read(body.position));
      if (bytes === "failed") return false;
      if (bytes === "damaged") continue;
      if (chunk.length > 0 && chunkBytes + bytes.byteLength > appendBytesMax) {
        if (!(await append(chunk))) return false;
        chunk = [];
        chunkBytes = 0;
      }
      chunk.push({ body, bytes });
      chunkBytes += bytes.byteLength;
    }
    return chunk.length === 0 || append(chunk);
  }

  async #read(position: BodyPosition): Promise<Uint8Array | "damaged" | "failed"> {
    const { journal, log } = this.#core;
    try {
      return await journal.readBody(position);
    } catch (error) {
      if (error instanceof Fault && error.code === "body-damaged") {
        this.#unreadable.add(position);
        return "damaged";
      }
      log.warn(
        { err: error },
        "a part of the journal could not be read to be written anew; it is tried again later",
      );
      return "failed";
    }
  }

  /** Appends what is still wanted from where it was found. False when the storage failed. */
  async #append(chunk: readonly ReadBody[]): Promise<boolean> {
    const { state } = this.#core;
    const inQueue = new Map<number, FoundBody[]>();
    const inTopic = new Map<number, FoundBatch[]>();
    for (const { body, bytes } of chunk) {
      const { owner, position } = body;
      if (body.what === "queue") add(inQueue, owner, { sequence: body.sequence, position, body: bytes });
      else add(inTopic, owner, { partition: body.partition, firstOffset: body.firstOffset, position, bytes });
    }
    const changes: Change[] = [];
    let bodyBytes = 0;
    for (const [owner, found] of inQueue) {
      const queue = state.queue(owner);
      if (queue === undefined) continue;
      const { records, reply } = decideRelocate(queue, found);
      changes.push(...inQueues(records));
      bodyBytes += reply.bodyBytes;
    }
    for (const [owner, found] of inTopic) {
      const topic = state.topic(owner);
      if (topic === undefined) continue;
      const { records, reply } = decideRelocateBatches(topic, found);
      changes.push(...inTopics(records));
      bodyBytes += reply.bodyBytes;
    }
    if ((await this.#core.commit(changes)) !== undefined) return false;
    this.#statistics.relocated(bodyBytes);
    return true;
  }
}

/** The cheapest, as many as are planned at once, and one at least. */
function first(sparse: readonly SparseStretch[]): readonly SparseStretch[] {
  let plannedBytes = 0;
  return sparse.filter(({ relocationBytes }) => {
    const fits = plannedBytes < planBytesMax;
    plannedBytes += relocationBytes;
    return fits;
  });
}

function add<Thing>(lists: Map<number, Thing[]>, owner: number, thing: Thing): void {
  const list = lists.get(owner);
  if (list === undefined) lists.set(owner, [thing]);
  else list.push(thing);
}
