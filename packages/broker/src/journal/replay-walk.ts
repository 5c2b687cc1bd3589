/**
 * Walks the records of the segments in order and tells what a place means that is no record (docs/journal.md, "Recovery").
 *
 * Nothing is written to a segment before all earlier ones are synced, so a gap before the last segment is damage. In the last one it is
 * damage when a later record says that everything up to there had been synced. Otherwise the power went while it was written, and
 * nobody was told of it nor of anything after it: a torn tail.
 */
import type { Damage, ReplayedAppend } from "./journal.ts";
import type { FoundRecord, RecordReader } from "./record-reader.ts";
import { headerBytes } from "./segment.ts";

/** How far apart the places are that are remembered as ways back into the last segment. */
const landmarkBytes = 64 * 1024;

export interface SegmentEnd {
  /** Where the records end: the end of the file, or where it is torn. */
  readonly offset: number;
  /** A place at which a record or the header begins, and before which every record is known to be synced. */
  readonly syncedOffset: number;
  /** Whether the last record is a mark that says that all before it is synced. */
  readonly closed: boolean;
}

interface Gap {
  readonly segment: string;
  readonly offset: number;
  readonly bytes: number;
  readonly firstSequence: number;
}

export class ReplayWalk {
  readonly #visit: (append: ReplayedAppend) => void;
  /** Appends up to here are part of the checkpoint: walked over, not visited. */
  readonly #coveredThrough: number;
  readonly damages: Damage[] = [];
  #next: number;
  #appends = 0;
  #syncedThrough = 0;
  #gap: Gap | undefined;

  constructor(nextSequence: number, coveredThrough: number, visit: (append: ReplayedAppend) => void) {
    this.#next = nextSequence;
    this.#coveredThrough = coveredThrough;
    this.#syncedThrough = coveredThrough;
    this.#visit = visit;
  }

  /** Appends visited. */
  get appends(): number {
    return this.#appends;
  }

  /** The sequence that the next append has. */
  get nextSequence(): number {
    return this.#next;
  }

  /** Something of `segment` cannot be read from `offset` on; what was lost is known when the next intact record is. */
  lose(segment: string, offset: number, bytes: number): void {
    this.#closeGap(this.#next);
    this.#gap = { segment, offset, bytes, firstSequence: this.#next };
  }

  /** An intact header or record says that `sequence` comes next. */
  goOnWith(sequence: number, segment: string, offset: number): void {
    if (sequence > this.#next && this.#gap === undefined) this.lose(segment, offset, 0);
    this.#next = Math.max(this.#next, sequence);
    this.#closeGap(this.#next);
  }

  /** No intact record follows any more. */
  end(): void {
    this.#closeGap(this.#next);
  }

  #closeGap(sequence: number): void {
    if (this.#gap !== undefined) {
      this.damages.push({ ...this.#gap, appendsLost: sequence - this.#gap.firstSequence });
    }
    this.#gap = undefined;
  }

  /** Visits the records of a segment. `last`: no later segment was ever begun. */
  async segment(reader: RecordReader, name: string, last: boolean): Promise<SegmentEnd> {
    const landmarks = [{ offset: 0, sequence: this.#next }];
    let at = headerBytes;
    let closed = false;
    while (at < reader.size) {
      const buffered = reader.bufferedRecordAt(at);
      const record = buffered === "unread" ? await reader.recordAt(at) : buffered;
      if (record === undefined || !this.#continues(record)) {
        if (last && !(await this.#wasSynced(reader, at))) break;
        const next = await reader.nextRecord(record === undefined ? at + 1 : at, this.#next);
        const end = next?.offset ?? reader.size;
        this.lose(name, at, end - at);
        if (next !== undefined) this.goOnWith(next.sequence, name, next.offset);
        at = end;
        continue;
      }
      this.goOnWith(record.sequence, name, at);
      const landmark = landmarks.at(-1);
      if (landmark !== undefined && at >= landmark.offset + landmarkBytes) {
        landmarks.push({ offset: at, sequence: record.sequence });
      }
      this.#syncedThrough = Math.max(this.#syncedThrough, record.sequence - 1 - record.unsynced);
      this.#take(reader, record, name);
      closed = record.payloadBytes === 0 && record.unsynced === 0;
      at = record.end;
    }
    const synced = landmarks.findLast(({ sequence }) => sequence <= this.#syncedThrough + 1);
    return {
      offset: at,
      syncedOffset: synced?.offset ?? 0,
      closed: closed && at === reader.size,
    };
  }

  /** After a loss whose extent is not known yet any later sequence may follow; otherwise only the next one. */
  #continues(record: FoundRecord): boolean {
    return record.sequence === this.#next || (this.#gap !== undefined && record.sequence > this.#next);
  }

  /** Whether the checkpoint, or a record after the gap at `offset`, says that what was there had been synced. */
  async #wasSynced(reader: RecordReader, offset: number): Promise<boolean> {
    if (this.#syncedThrough >= this.#next) return true;
    let at = offset;
    for (;;) {
      const record = await reader.nextRecord(at, this.#next);
      if (record === undefined) return false;
      if (record.sequence - 1 - record.unsynced >= this.#next) return true;
      at = record.end;
    }
  }

  #take(reader: RecordReader, record: FoundRecord, name: string): void {
    if (record.payloadBytes === 0) return;
    this.#next = record.sequence + 1;
    if (record.sequence <= this.#coveredThrough) return;
    const parts = reader.parts(record);
    if (parts === undefined) {
      const { offset, end, sequence } = record;
      this.damages.push({
        segment: name,
        offset,
        bytes: end - offset,
        firstSequence: sequence,
        appendsLost: 1,
      });
      return;
    }
    this.#appends += 1;
    this.#visit({ sequence: record.sequence, parts });
  }
}
