/**
 * Group commit: what is appended while a write and its sync are under way is gathered and goes with the next ones, so that many appends
 * share one sync. One flight at a time; the callers' callbacks run in the order of the appends.
 *
 * After the first error of the disk nothing is written any more. A sync that failed is never repeated: the system reports the error
 * once and may call the lost pages clean afterwards.
 */
import { assert, type Clock, Fault, type Random } from "@sluice/runtime";
import { AppendGroup, type OpenSegment } from "./append-group.ts";
import type { Disk, DiskFile } from "./disk.ts";
import type { Appended, JournalPart, Settled, StorageFault } from "./journal.ts";
import {
  encodeMark,
  payloadBytesMax,
  payloadBytesOf,
  recordHeaderBytes,
  unwrittenPosition,
} from "./record-codec.ts";
import type { Recovered } from "./recovery.ts";
import type { Reserve } from "./reserve.ts";
import { encodeHeader, fileName, headerBytes, newSalt } from "./segment.ts";
import { writeWhole } from "./whole-transfer.ts";

/** A group over this takes no further append, so that buffers stay small enough to be kept. */
const groupBytesMax = 4 * 1024 * 1024;

/** Buffers that are kept for later groups. */
const sparesMax = 3;
const spareBytesMax = 2 * groupBytesMax;

export class StorageFailed extends Fault {
  declare readonly code: "storage-failed";

  constructor(sentence: string, cause: unknown) {
    super("storage-failed", sentence, { cause });
  }
}

export interface GroupCommitOptions {
  readonly disk: Disk;
  readonly random: Random;
  /** For how long syncs take. */
  readonly clock: Clock;
  /** A segment takes no further append over this many bytes. */
  readonly segmentBytes: number;
  /** Makes room for a write when the disk has none. */
  readonly reserve: Pick<Reserve, "during">;
  /** Told of each segment as soon as records are encoded for it. */
  readonly onSegment: (segment: OpenSegment) => void;
  /** Told when what was appended up to `sequence` is synced, and how long the sync took, in milliseconds. */
  readonly onSynced: (sequence: number, tookMs: number) => void;
  /** Told once, before any waiter is. */
  readonly onFault: (fault: StorageFault) => void;
}

export class GroupCommit {
  readonly #options: GroupCommitOptions;
  /** Sealed groups, then the one that is filled. */
  #groups: AppendGroup[] = [];
  /** The groups whose write or sync is under way. */
  #flight: readonly AppendGroup[] = [];
  #flying = false;
  #file: DiskFile | undefined;
  /** The segment that `#file` is, and the one that the next append goes to. */
  #fileSegment: OpenSegment | undefined;
  #segment: OpenSegment | undefined;
  /** The segment that gets its file without an append. */
  #rotatedTo: OpenSegment | undefined;
  #segmentEnd = headerBytes;
  #fileEnd = headerBytes;
  #nextSegmentNumber: number;
  #nextSequence: number;
  #writtenThrough: number;
  #syncedThrough: number;
  #closed: boolean;
  #pendingBytes = 0;
  #spares: Uint8Array[] = [];
  #fault: StorageFault | undefined;

  /** Goes on where recovery ended, everything that it found being synced. `file` is the segment of its tail, which the commit closes. */
  constructor(options: GroupCommitOptions, recovered: Recovered, file: DiskFile | undefined) {
    this.#options = options;
    this.#nextSequence = recovered.nextSequence;
    this.#nextSegmentNumber = recovered.nextSegmentNumber;
    this.#writtenThrough = recovered.nextSequence - 1;
    this.#syncedThrough = this.#writtenThrough;
    this.#closed = recovered.tail === undefined || recovered.tail.closed;
    if (recovered.tail !== undefined) {
      const { segment, end } = recovered.tail;
      this.#segment = { ...segment, nextSequence: recovered.nextSequence };
      this.#file = file;
      this.#fileSegment = this.#segment;
      this.#segmentEnd = end;
      this.#fileEnd = end;
    }
  }

  get fault(): StorageFault | undefined {
    return this.#fault;
  }

  /** Bytes appended whose waiters were not all told yet. */
  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  get lastSequence(): number {
    return this.#nextSequence - 1;
  }

  get syncedThrough(): number {
    return this.#syncedThrough;
  }

  /** The segment that the next append may go to; those with a lower number hold nothing later than what was appended by now. */
  get segmentNumber(): number {
    return this.#segment?.number ?? this.#nextSegmentNumber;
  }

  append(parts: readonly JournalPart[], settled: Settled): Appended {
    const payloadBytes = payloadBytesOf(parts);
    if (payloadBytes === 0 || this.#fault !== undefined) {
      this.#barrier(settled, false);
      return { sequence: 0, positions: parts.flatMap((part) => part.bodies.map(unwrittenPosition)) };
    }
    assert(payloadBytes <= payloadBytesMax, `an append of ${payloadBytes} bytes exceeds ${payloadBytesMax}`);
    const group = this.#groupFor(recordHeaderBytes + payloadBytes);
    const sequence = this.#nextSequence++;
    const positions: number[] = [];
    const unsynced = sequence - 1 - this.#syncedThrough;
    group.add({ salt: group.segment.salt, sequence, unsynced, payloadBytes }, parts, positions);
    this.#segmentEnd += recordHeaderBytes + payloadBytes;
    this.#pendingBytes += recordHeaderBytes + payloadBytes;
    group.wait(
      settled,
      parts.some((part) => part.durability === "synced"),
    );
    this.#closed = false;
    this.#wake();
    return { sequence, positions };
  }

  /** Begins a new segment, whose file is made although nothing is appended to it: the one before can be removed then. */
  rotate(): void {
    if (this.#segmentEnd === headerBytes || this.#fault !== undefined) return;
    this.#rotatedTo = this.#openSegment();
    this.#openGroup(this.#rotatedTo);
    this.#wake();
  }

  /** Resolves when everything appended before is synced; rejects with the fault if it never will be. */
  flush(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#barrier((fault) => (fault === undefined ? resolve() : reject(fault)), true);
    });
  }

  /** Makes changes of names durable. Stops the journal and rejects with the fault when that fails: a new segment may be among them. */
  async syncDirectory(): Promise<void> {
    const done = await this.#attempt(() => this.#options.disk.syncDirectory());
    if (!done && this.#fault !== undefined) throw this.#fault;
  }

  /** The group that holds the record at a place, when the file may not have it yet. */
  pendingAt(segmentNumber: number, offset: number): AppendGroup | undefined {
    for (const group of [...this.#flight, ...this.#groups]) {
      const at = offset - group.offset;
      if (group.segment.number === segmentNumber && at >= 0 && at < group.length) return group;
    }
    return undefined;
  }

  /** Makes everything durable and ends the last segment with a mark that says so. Nothing may be appended any more. */
  async close(): Promise<void> {
    await this.flush().catch(() => undefined);
    const file = this.#file;
    if (file === undefined) return;
    if (this.#fault === undefined && !this.#closed) {
      const mark = encodeMark(this.#fileSegment?.salt ?? 0, this.#nextSequence, 0);
      await this.#attempt(async () => {
        await this.#options.reserve.during(() => writeWhole(file, mark, this.#fileEnd));
        await file.sync();
      });
    }
    await this.#attempt(() => file.close());
  }

  #barrier(settled: Settled, forSync: boolean): void {
    const fault = this.#fault;
    if (fault !== undefined) {
      queueMicrotask(() => settled(fault));
      return;
    }
    const group = this.#groups.at(-1) ?? this.#openGroup(this.#segment ?? this.#openSegment());
    group.wait(settled, forSync);
    this.#wake();
  }

  #groupFor(recordBytes: number): AppendGroup {
    let segment = this.#segment;
    const full =
      this.#segmentEnd + recordBytes > this.#options.segmentBytes && this.#segmentEnd > headerBytes;
    if (segment === undefined || full) segment = this.#openSegment();
    const group = this.#groups.at(-1);
    const fits = group !== undefined && (group.length === 0 || group.length + recordBytes <= groupBytesMax);
    return fits && group.segment === segment ? group : this.#openGroup(segment);
  }

  #openGroup(segment: OpenSegment): AppendGroup {
    const buffer = this.#spares.pop() ?? new Uint8Array(0);
    const group = new AppendGroup(segment, this.#segmentEnd, this.lastSequence, buffer);
    this.#groups.push(group);
    return group;
  }

  /** Begins a segment in memory; its file is made when the first group for it is written. */
  #openSegment(): OpenSegment {
    const identity = {
      kind: "segment",
      number: this.#nextSegmentNumber++,
      salt: newSalt(this.#options.random),
    } as const;
    const segment = { ...identity, name: fileName(identity), nextSequence: this.#nextSequence };
    this.#segment = segment;
    this.#segmentEnd = headerBytes;
    this.#options.onSegment(segment);
    return segment;
  }

  /** The first flight starts after the events of this turn, so that what arrived together goes together. */
  #wake(): void {
    if (this.#flying) return;
    this.#flying = true;
    setImmediate(() => void this.#fly());
  }

  async #fly(): Promise<void> {
    while (this.#groups.length > 0 && this.#fault === undefined) {
      const segment = this.#groups[0]?.segment;
      const other = this.#groups.findIndex((group) => group.segment !== segment);
      this.#flight = this.#groups.splice(0, other < 0 ? this.#groups.length : other);
      if (!(await this.#land(this.#flight))) return;
      this.#flight = [];
    }
    this.#flying = false;
  }

  /** Writes the groups of one segment, syncs once for all, and tells who waited. False after a fault. */
  async #land(groups: readonly AppendGroup[]): Promise<boolean> {
    let inOrder = true;
    for (const group of groups) {
      if (inOrder) group.settleUnwritten();
      if (!(await this.#attempt(() => this.#write(group)))) return false;
      if (inOrder) group.settleWritten();
      inOrder &&= !group.needsSync;
    }
    if (!inOrder && !(await this.#attempt(() => this.#sync()))) return false;
    for (const group of groups) this.#pendingBytes -= group.length;
    for (const group of groups) {
      group.settleAll();
      if (this.#spares.length < sparesMax && group.buffer.length <= spareBytesMax)
        this.#spares.push(group.buffer);
    }
    return true;
  }

  async #write(group: AppendGroup): Promise<void> {
    if (group.length === 0 && group.segment !== this.#rotatedTo) return;
    const file = this.#fileSegment === group.segment ? this.#file : await this.#beginFile(group.segment);
    assert(file !== undefined, "a group is written to a file");
    // Nothing of a write that failed was synced, so that it may be made again in the same place.
    await this.#options.reserve.during(() => writeWhole(file, group.bytes, group.offset));
    this.#writtenThrough = group.lastSequence;
    this.#fileEnd = group.offset + group.length;
  }

  async #sync(): Promise<void> {
    const through = this.#writtenThrough;
    if (this.#file === undefined || through === this.#syncedThrough) return;
    const { clock, onSynced } = this.#options;
    const startedMs = clock.now().monotonicMs;
    await this.#file.sync();
    this.#syncedThrough = through;
    onSynced(through, clock.now().monotonicMs - startedMs);
  }

  /** Nothing is written to a segment, not even its header, before all earlier ones are synced: recovery rests on that. */
  async #beginFile(segment: OpenSegment): Promise<DiskFile> {
    const { disk, reserve } = this.#options;
    await this.#sync();
    await this.#file?.close();
    const file = await reserve.during(() => disk.create(segment.name));
    this.#file = file;
    this.#fileSegment = segment;
    await reserve.during(() => writeWhole(file, encodeHeader(segment), 0));
    await file.sync();
    await disk.syncDirectory();
    return file;
  }

  /** Runs one step on the disk; its error stops the journal. What the callers do in their callbacks is not part of it. */
  async #attempt(step: () => Promise<void>): Promise<boolean> {
    try {
      await step();
      return true;
    } catch (error) {
      this.#fail(error);
      return false;
    }
  }

  #fail(cause: unknown): void {
    if (this.#fault !== undefined) return;
    const reason = cause instanceof Error ? cause.message : String(cause);
    const fault = new StorageFailed(
      `The journal could not write: ${reason}. Nothing is written any more; restart to go on from what the disk holds.`,
      cause,
    );
    this.#fault = fault;
    this.#pendingBytes = 0;
    this.#options.onFault(fault);
    for (const group of [...this.#flight, ...this.#groups]) group.settleAll(fault);
  }
}
