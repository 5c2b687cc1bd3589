/** Writes an archive file, group by group, under a name that recovery does not take for one until it is whole and synced. */
import type { ArchivedBatch, ArchiveSource } from "./archive.ts";
import {
  encodeTrailer,
  entryOf,
  type GroupEntry,
  groupPart,
  indexPart,
  putRecord,
  recordBytesOf,
} from "./archive-codec.ts";
import type { Disk, DiskFile } from "./disk.ts";
import type { JournalPart } from "./journal.ts";
import { encodeHeader, headerBytes, type JournalFile, unfinishedName } from "./segment.ts";
import { writeWhole } from "./whole-transfer.ts";

/** What is encoded between two writes: little enough that nobody waits for it. */
const chunkBytes = 512 * 1024;

/**
 * Writes and names the file. The directory is to be synced after that. Rejects with the error of the disk or of `batches`; of the file nothing is
 * left then, or a name that the next recovery removes.
 */
export async function writeArchive(
  disk: Disk,
  file: JournalFile,
  source: ArchiveSource,
  batches: AsyncIterable<readonly ArchivedBatch[]>,
  groupBytes: number,
): Promise<void> {
  const unfinished = unfinishedName(file.name);
  const open = await disk.create(unfinished);
  try {
    const draft = new ArchiveDraft(open, file, source, groupBytes);
    for await (const some of batches) await draft.add(some);
    await draft.end();
    await open.sync();
    await open.close();
    await disk.rename(unfinished, file.name);
  } catch (error) {
    await open.close().catch(() => undefined);
    await disk.remove(unfinished).catch(() => undefined);
    throw error;
  }
}

class ArchiveDraft {
  readonly #open: DiskFile;
  readonly #file: JournalFile;
  readonly #source: ArchiveSource;
  readonly #groupBytes: number;
  readonly #entries: GroupEntry[] = [];
  #chunk: Uint8Array;
  #used: number;
  /** Where in the file the chunk begins. */
  #chunkOffset = 0;
  #sequence = 1;
  #group: ArchivedBatch[] = [];
  #groupedBytes = 0;

  constructor(open: DiskFile, file: JournalFile, source: ArchiveSource, groupBytes: number) {
    this.#open = open;
    this.#file = file;
    this.#source = source;
    this.#groupBytes = groupBytes;
    const header = encodeHeader({ ...file, nextSequence: 1 });
    this.#chunk = new Uint8Array(chunkBytes);
    this.#chunk.set(header);
    this.#used = headerBytes;
  }

  async add(batches: readonly ArchivedBatch[]): Promise<void> {
    for (const batch of batches) {
      const full = this.#groupedBytes + batch.bytes.byteLength > this.#groupBytes;
      if (full && this.#group.length > 0) await this.#endGroup();
      this.#group.push(batch);
      this.#groupedBytes += batch.bytes.byteLength;
    }
  }

  async end(): Promise<void> {
    if (this.#group.length > 0) await this.#endGroup();
    const indexOffset = this.#chunkOffset + this.#used;
    await this.#put(indexPart(this.#source.owner, this.#entries));
    const trailer = encodeTrailer(this.#file.salt, indexOffset);
    await this.#flush();
    await writeWhole(this.#open, trailer, this.#chunkOffset);
  }

  async #endGroup(): Promise<void> {
    const part = groupPart(this.#source, this.#group);
    const at = await this.#put(part);
    this.#entries.push(entryOf(at, this.#group));
    this.#group = [];
    this.#groupedBytes = 0;
  }

  /** Where in the file the record begins. */
  async #put(part: JournalPart): Promise<number> {
    const bytes = recordBytesOf(part);
    if (this.#used + bytes > this.#chunk.length) {
      await this.#flush();
      if (bytes > this.#chunk.length) this.#chunk = new Uint8Array(bytes);
    }
    const start = this.#used;
    putRecord(this.#chunk, start, this.#file.salt, this.#sequence++, part);
    this.#used += bytes;
    return this.#chunkOffset + start;
  }

  async #flush(): Promise<void> {
    await writeWhole(this.#open, this.#chunk.subarray(0, this.#used), this.#chunkOffset);
    this.#chunkOffset += this.#used;
    this.#used = 0;
  }
}
