/** Reads bodies back by position, each checked against the checksum of the append that it came with. */
import { Fault } from "@sluice/runtime";
import type { AppendGroup } from "./append-group.ts";
import type { Disk, DiskFile } from "./disk.ts";
import type { BodyPosition } from "./journal.ts";
import { OpenFiles } from "./open-files.ts";
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

export class BodyReader {
  readonly #disk: Disk;
  readonly #segments = new Map<number, JournalFile>();
  readonly #open = new OpenFiles(openFilesMax);
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
    const segment = this.#segments.get(segmentNumber);
    this.#segments.delete(segmentNumber);
    if (this.#last?.segmentNumber === segmentNumber) this.#last = undefined;
    if (segment !== undefined) await this.#open.drop(segment.name);
  }

  async close(): Promise<void> {
    await this.#open.close();
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
    const open = async () => ({ file: await this.#disk.open(segment.name) });
    return this.#open.use(segment.name, open, async ({ file }) => {
      const { bytes, at } = await readRecord(file, segment, offset, position);
      this.#last = { segmentNumber, offset: offset - at, bytes };
      return bodyIn(bytes, at, position);
    });
  }
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
