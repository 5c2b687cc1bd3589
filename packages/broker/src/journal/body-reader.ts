/** Reads bodies back by position, each checked against the checksum of the append that it came with. */
import { Fault } from "@sluice/runtime";
import type { AppendGroup } from "./append-group.ts";
import type { Disk, DiskFile } from "./disk.ts";
import type { BodyPosition } from "./journal.ts";
import { placeOf, readFrame, recordHeaderBytes, recordHolds } from "./record-codec.ts";
import type { JournalFile } from "./segment.ts";
import { readWhole } from "./whole-transfer.ts";

/** Segments that are kept open for reading. */
const openFilesMax = 32;

/** What the first read takes: most bodies lie near the start of a short record, which it then has whole. */
const guessBeforeBytes = 512;
const guessBytes = 4096;

const bodyHeaderBytes = 8;

/** A record that was read and checked; the bodies beside the one asked for are often asked for next. */
interface ReadRecord {
  readonly segmentNumber: number;
  readonly offset: number;
  readonly bytes: Uint8Array;
}

interface OpenFile {
  readonly file: Promise<DiskFile>;
  readers: number;
  /** No longer to be used: closes with its last reader. */
  dropped: boolean;
}

export class BodyReader {
  readonly #disk: Disk;
  readonly #segments = new Map<number, JournalFile>();
  readonly #open = new Map<number, OpenFile>();
  #last: ReadRecord | undefined;

  constructor(disk: Disk) {
    this.#disk = disk;
  }

  /** From now on bodies may lie in this segment. */
  add(segment: JournalFile): void {
    this.#segments.set(segment.number, segment);
  }

  /** Every segment that bodies may lie in; a copy. */
  segments(): readonly JournalFile[] {
    return [...this.#segments.values()];
  }

  /** From now on nobody may read bodies of this segment. */
  async remove(segmentNumber: number): Promise<void> {
    this.#segments.delete(segmentNumber);
    if (this.#last?.segmentNumber === segmentNumber) this.#last = undefined;
    const open = this.#open.get(segmentNumber);
    if (open !== undefined) await this.#drop(segmentNumber, open);
  }

  async close(): Promise<void> {
    for (const [number, open] of this.#open) await this.#drop(number, open);
  }

  /** The body in a group that is not written yet, copied. */
  pending(group: AppendGroup, offset: number): Uint8Array {
    const at = offset - group.offset;
    const view = viewOf(group.bytes);
    return group.bytes.slice(at + bodyHeaderBytes, at + bodyHeaderBytes + view.getUint32(at + 4, true));
  }

  /** The body in the file. Rejects with a `Fault` (`body-damaged`), or with the error of the disk. */
  async read(position: BodyPosition): Promise<Uint8Array> {
    const { segmentNumber, offset } = placeOf(position);
    const last = this.#last;
    if (last?.segmentNumber === segmentNumber) {
      const at = offset - last.offset;
      if (at > 0 && at < last.bytes.length) return bodyIn(last.bytes, at, position);
    }
    const segment = this.#segments.get(segmentNumber);
    if (segment === undefined) throw damaged(position, "its segment is not there");
    const open = await this.#use(segment);
    try {
      const { bytes, at } = await readRecord(await open.file, segment, offset, position);
      this.#last = { segmentNumber, offset: offset - at, bytes };
      return bodyIn(bytes, at, position);
    } finally {
      open.readers -= 1;
      if (open.dropped && open.readers === 0) await closeQuietly(open);
    }
  }

  async #use(segment: JournalFile): Promise<OpenFile> {
    let open = this.#open.get(segment.number);
    if (open === undefined) {
      open = { file: this.#disk.open(segment.name), readers: 0, dropped: false };
      open.file.catch(() => this.#open.delete(segment.number));
    } else {
      this.#open.delete(segment.number);
    }
    this.#open.set(segment.number, open);
    open.readers += 1;
    for (const [number, oldest] of this.#open) {
      if (this.#open.size <= openFilesMax) break;
      await this.#drop(number, oldest);
    }
    return open;
  }

  async #drop(segmentNumber: number, open: OpenFile): Promise<void> {
    this.#open.delete(segmentNumber);
    open.dropped = true;
    if (open.readers === 0) await closeQuietly(open);
  }
}

/** A file that was only read, or could not be opened, has nothing to lose. */
async function closeQuietly(open: OpenFile): Promise<void> {
  await open.file.then((file) => file.close()).catch(() => undefined);
}

/** Reads the record around the body at `offset` and checks it. `at` is where in it the body is. */
async function readRecord(
  file: DiskFile,
  segment: JournalFile,
  offset: number,
  position: BodyPosition,
): Promise<{ bytes: Uint8Array; at: number }> {
  const guessOffset = Math.max(0, offset - guessBeforeBytes);
  const guess = new Uint8Array(guessBytes);
  const guessed = guess.subarray(0, await readWhole(file, guess, guessOffset));
  const inGuess = offset - guessOffset;
  if (inGuess + bodyHeaderBytes > guessed.length) throw damaged(position, "the segment ends before it");
  const distance = viewOf(guessed).getUint32(inGuess, true);
  const start = offset - distance;
  if (distance < recordHeaderBytes || start < 0) throw damaged(position, "no body begins there");

  const head = new Uint8Array(recordHeaderBytes);
  if (start >= guessOffset)
    head.set(guessed.subarray(start - guessOffset, start - guessOffset + head.length));
  else await readWhole(file, head, start);
  const frame = readFrame(viewOf(head), 0, segment.salt);
  if (frame === undefined) throw damaged(position, "the frame of its append is not whole");

  const recordBytes = recordHeaderBytes + frame.payloadBytes;
  let bytes: Uint8Array;
  if (start >= guessOffset && start + recordBytes <= guessOffset + guessed.length) {
    bytes = guessed.subarray(start - guessOffset, start - guessOffset + recordBytes);
  } else {
    if (start + recordBytes > (await file.size())) throw damaged(position, "its append is cut short");
    bytes = new Uint8Array(recordBytes);
    await readWhole(file, bytes, start);
  }
  if (!recordHolds(bytes, viewOf(bytes), 0, frame))
    throw damaged(position, "the checksum of its append does not hold");
  return { bytes, at: distance };
}

/** The body at `at` of a checked record, copied. */
function bodyIn(record: Uint8Array, at: number, position: BodyPosition): Uint8Array {
  const view = viewOf(record);
  const whole = at >= recordHeaderBytes && at + bodyHeaderBytes <= record.length;
  if (!whole || view.getUint32(at, true) !== at) throw damaged(position, "no body begins there");
  const end = at + bodyHeaderBytes + view.getUint32(at + 4, true);
  if (end > record.length) throw damaged(position, "no body begins there");
  return record.slice(at + bodyHeaderBytes, end);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function damaged(position: BodyPosition, why: string): Fault {
  const { segmentNumber, offset } = placeOf(position);
  return new Fault(
    "body-damaged",
    `The body at offset ${offset} of segment ${segmentNumber} cannot be read: ${why}.`,
  );
}
