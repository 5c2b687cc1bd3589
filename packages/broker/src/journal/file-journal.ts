/** The journal in files of one directory: what the parts beside it do, put together behind the interface. */
import { assert, type Clock, type Log, type Random, silentLog, systemClock } from "@sluice/runtime";
import type { Archive } from "./archive.ts";
import { BodyReader } from "./body-reader.ts";
import { Compaction } from "./compaction.ts";
import type { Disk, DiskFile } from "./disk.ts";
import { FileArchive, groupBytesDefault } from "./file-archive.ts";
import { GroupCommit, StorageFailed } from "./group-commit.ts";
import type {
  Appended,
  BodyPosition,
  Journal,
  JournalPart,
  JournalUsage,
  RelocationRoom,
  ReplayedAppend,
  ReplayReport,
  Settled,
  Shortage,
  StorageFault,
  Stretch,
} from "./journal.ts";
import { LiveBodies } from "./live-bodies.ts";
import { MeasuredDisk } from "./measured-disk.ts";
import { bodyPosition, placeOf, segmentNumberOf } from "./record-codec.ts";
import { type Recovered, recover } from "./recovery.ts";
import { Reserve } from "./reserve.ts";
import { usageOf } from "./usage.ts";

const segmentBytesDefault = 64 * 1024 * 1024;

/** A reserve in which a few hundred thousand acks fit, and a start is not felt. */
export const reserveBytesUsual = 16 * 1024 * 1024;

/** An append of so many bytes is written and synced in some milliseconds. */
const relocationBytesUsual = 1024 * 1024;

export interface FileJournalOptions {
  readonly disk: Disk;
  /** For the salts of segments. */
  readonly random: Random;
  /** A segment takes no further append over this many bytes. Default 64 MiB; at most 1 GiB. */
  readonly segmentBytes?: number;
  /**
   * Bytes kept on the disk for the time when it is full, so that acks and checkpoints still fit. Default 0: a full disk stops the journal;
   * `reserveBytesUsual` suits a real disk.
   */
  readonly reserveBytes?: number;
  /** Bytes of all files of the journal from which on it counts as full. Default: no bound. */
  readonly budgetBytes?: number;
  /** Records of topics are archived in groups of about so many bytes, which are read as a whole. Default 64 KiB. */
  readonly archiveGroupBytes?: number;
  /** For looking now and then whether a full disk has space again, and for how long syncs take. Default: that of the machine. */
  readonly clock?: Clock;
  /** Default: says nothing. */
  readonly log?: Log;
}

export class FileJournal implements Journal {
  readonly durability = "synced";
  readonly #options: FileJournalOptions;
  readonly #disk: MeasuredDisk;
  readonly #reserve: Reserve;
  readonly #log: Log;
  readonly #lock: AsyncDisposable;
  readonly #bodies: BodyReader;
  readonly #live = new LiveBodies();
  #commit: GroupCommit | undefined;
  #compaction: Compaction | undefined;
  #archive: FileArchive | undefined;
  readonly #fullListeners: (() => void)[] = [];
  readonly #syncedListeners: ((tookMs: number) => void)[] = [];
  #replayed: Promise<unknown> = Promise.resolve();
  #phase: "opened" | "replaying" | "ready" | "closed" = "opened";

  private constructor(options: FileJournalOptions, lock: AsyncDisposable) {
    this.#options = options;
    this.#log = options.log ?? silentLog;
    this.#lock = lock;
    this.#disk = new MeasuredDisk(options.disk);
    this.#bodies = new BodyReader(this.#disk);
    this.#reserve = new Reserve({
      disk: this.#disk,
      bytes: options.reserveBytes ?? 0,
      clock: options.clock ?? systemClock,
      syncDirectory: async () => this.#commit?.syncDirectory(),
      onChange: (full) => this.#tellFull(full),
    });
  }

  /** Takes the lock of the directory. Rejects with a `Fault` (`directory-in-use`) when another process has it. */
  static async open(options: FileJournalOptions): Promise<FileJournal> {
    assert((options.segmentBytes ?? 1) <= 1024 ** 3, "a segment has at most 1 GiB");
    return new FileJournal(options, await options.disk.lock());
  }

  get fault(): StorageFault | undefined {
    return this.#commit?.fault;
  }

  get pendingBytes(): number {
    return this.#commit?.pendingBytes ?? 0;
  }

  get full(): Shortage | undefined {
    if (this.#reserve.full) return "disk";
    const { budgetBytes = Number.POSITIVE_INFINITY } = this.#options;
    return this.#disk.bytes + this.pendingBytes >= budgetBytes ? "budget" : undefined;
  }

  /** The rest of a reserve is for acks, receives and checkpoints. */
  get relocationRoom(): RelocationRoom {
    const { full, roomBytes, bytes } = this.#reserve;
    const appendBytesMax =
      bytes === 0 ? relocationBytesUsual : Math.min(relocationBytesUsual, Math.floor(bytes / 8));
    const freeBytes = Math.max(0, roomBytes - this.pendingBytes);
    return { bytesMax: full ? Math.floor(freeBytes / 4) : Number.POSITIVE_INFINITY, appendBytesMax };
  }

  get archive(): Archive | undefined {
    return this.#archive;
  }

  get usage(): JournalUsage {
    return usageOf(this.#disk);
  }

  onFull(listener: () => void): void {
    this.#fullListeners.push(listener);
  }

  onSynced(listener: (tookMs: number) => void): void {
    this.#syncedListeners.push(listener);
  }

  replay(visit: (append: ReplayedAppend) => void): Promise<ReplayReport> {
    assert(this.#phase === "opened", "a journal is replayed once");
    this.#phase = "replaying";
    const report = this.#replay(visit);
    this.#replayed = report.catch(() => undefined);
    return report;
  }

  async #replay(visit: (append: ReplayedAppend) => void): Promise<ReplayReport> {
    const { random, segmentBytes = segmentBytesDefault } = this.#options;
    const disk = this.#disk;
    const reserve = this.#reserve;
    const { recovered, file } = await this.#recover(visit);
    for (const segment of recovered.segments) this.#bodies.add(segment);
    const commit = new GroupCommit(
      {
        disk,
        random,
        segmentBytes,
        reserve,
        onSegment: (segment) => this.#bodies.add(segment),
        clock: this.#options.clock ?? systemClock,
        onSynced: (_, tookMs) => {
          this.#compaction?.proceed();
          this.#archive?.proceed();
          for (const listener of this.#syncedListeners) listener(tookMs);
        },
        onFault: (fault) => {
          this.#log.error({ err: fault }, "the journal stopped");
          void reserve.stop();
        },
      },
      recovered,
      file,
    );
    this.#compaction = new Compaction({
      disk,
      random,
      log: this.#log,
      commit,
      bodies: this.#bodies,
      live: this.#live,
      reserve,
      isShort: () => this.full !== undefined,
      coveredBeforeSegment: recovered.coveredBeforeSegment,
      checkpoints: recovered.checkpoints.map(({ name }) => name),
    });
    this.#commit = commit;
    this.#archive = new FileArchive(
      {
        disk,
        random,
        log: this.#log,
        groupBytes: this.#options.archiveGroupBytes ?? groupBytesDefault,
        flush: () => commit.flush(),
        syncDirectory: () => commit.syncDirectory(),
        progress: () => commit,
        onRemoved: () => reserve.retry(),
      },
      recovered.archives,
    );
    await reading(() => reserve.open(recovered.segments.length === 0));
    this.#tell(recovered.report);
    if (this.#phase === "replaying") this.#phase = "ready";
    return recovered.report;
  }

  async #recover(
    visit: (append: ReplayedAppend) => void,
  ): Promise<{ recovered: Recovered; file: DiskFile | undefined }> {
    return reading(async () => {
      const recovered = await recover(this.#disk, (append) => {
        for (const part of append.parts) for (const body of part.bodies) this.#keep(body.position);
        visit(append);
      });
      const name = recovered.tail?.segment.name;
      return { recovered, file: name === undefined ? undefined : await this.#disk.open(name) };
    });
  }

  #tell({ tornTail, damages }: ReplayReport): void {
    if (tornTail !== undefined) {
      this.#log.warn(tornTail, "cut the end of the journal, where an append had not been finished");
    }
    for (const damage of damages)
      this.#log.error(damage, "a part of the journal is damaged and was passed over");
  }

  #tellFull(full: boolean): void {
    if (!full) {
      this.#log.info("the disk has space again");
      return;
    }
    this.#log.error("the disk is full: what drains the journal goes on from its reserve");
    for (const listener of this.#fullListeners) listener();
  }

  append(parts: readonly JournalPart[], settled: Settled): Appended {
    const appended = this.#ready().append(parts, settled);
    for (const position of appended.positions) this.#keep(position);
    return appended;
  }

  #keep(position: BodyPosition): void {
    if (position !== 0) this.#live.add(position);
  }

  async readBody(position: BodyPosition): Promise<Uint8Array> {
    const { segmentNumber, offset } = placeOf(position);
    const group = this.#ready().pendingAt(segmentNumber, offset);
    return group === undefined ? this.#bodies.read(position) : this.#bodies.pending(group, offset);
  }

  release(positions: Iterable<BodyPosition>): void {
    const lastSequence = this.#commit?.lastSequence ?? 0;
    for (const position of positions) {
      if (position === 0 || !this.#live.release(position, lastSequence)) continue;
      this.#compaction?.segmentEmptied(segmentNumberOf(position));
    }
  }

  covered(): readonly Stretch[] {
    const segments = this.#compaction?.covered() ?? [];
    return segments.map(({ number, name }) => ({
      from: bodyPosition(number, 0),
      to: bodyPosition(number + 1, 0),
      bytes: this.#disk.bytesOf(name),
    }));
  }

  checkpoint(snapshot: Iterable<JournalPart>): Promise<void> {
    this.#ready();
    assert(this.#compaction !== undefined, "a journal that is ready can be compacted");
    return this.#compaction.checkpoint(snapshot);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#phase === "closed") return;
    this.#phase = "closed";
    await this.#replayed;
    await this.#compaction?.stop();
    await this.#archive?.close();
    await this.#reserve.stop();
    await this.#commit?.close();
    await this.#bodies.close();
    await this.#lock[Symbol.asyncDispose]();
  }

  #ready(): GroupCommit {
    assert(
      this.#phase === "ready" && this.#commit !== undefined,
      "a journal is used after its replay and before its end",
    );
    return this.#commit;
  }
}

/** Makes an error that the system gave, and not the visitor of a replay or a bug, the fault that it is for the journal. */
async function reading<Value>(step: () => Promise<Value>): Promise<Value> {
  try {
    return await step();
  } catch (error) {
    if (!(error instanceof Error && "syscall" in error)) throw error;
    throw new StorageFailed(`The journal could not be read: ${error.message}.`, error);
  }
}
