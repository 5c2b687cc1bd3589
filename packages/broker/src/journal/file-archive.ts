/** The archive in files of the directory of the journal. Of a file it knows the name; its index is read when it is asked for, and kept for a while. */
import type { Log, Random } from "@sluice/runtime";
import type {
  Archive,
  ArchiveAnswer,
  ArchiveContent,
  ArchivedBatch,
  ArchiveFile,
  ArchiveRead,
  ArchiveSource,
} from "./archive.ts";
import { type Group, type GroupEntry, readGroup } from "./archive-codec.ts";
import { type FoundGroups, findGroups } from "./archive-index.ts";
import { readRecord } from "./archive-record.ts";
import { writeArchive } from "./archive-writer.ts";
import type { Disk, DiskFile } from "./disk.ts";
import { OpenFiles } from "./open-files.ts";
import { fileName, headerBytes, type JournalFile, newSalt } from "./segment.ts";
import { readWhole } from "./whole-transfer.ts";

/** A group of about so many bytes is read as a whole, for whatever is wanted of it. */
export const groupBytesDefault = 64 * 1024;

/** Files that are kept open, each with its index: about 50 KiB for 64 MiB of records. */
const openFilesMax = 32;

/** Groups next to each other that are read in one call of the disk, at most. */
const readBytesMax = 1024 * 1024;

export interface FileArchiveOptions {
  readonly disk: Disk;
  readonly random: Random;
  readonly log: Log;
  readonly groupBytes: number;
  /** Resolves when everything appended so far is synced. */
  readonly flush: () => Promise<void>;
  /** Makes changes of names durable. */
  readonly syncDirectory: () => Promise<void>;
  /** The newest append, and the newest one that is synced. */
  readonly progress: () => { readonly lastSequence: number; readonly syncedThrough: number };
  /** Called when files are gone. */
  readonly onRemoved: () => void;
}

interface OpenArchive extends FoundGroups {
  readonly file: DiskFile;
}

interface Released {
  readonly file: JournalFile;
  /** The newest append at the release: until it is synced, a power cut could make the file wanted again. */
  readonly sequence: number;
}

export class FileArchive implements Archive {
  readonly #options: FileArchiveOptions;
  readonly #files = new Map<string, JournalFile>();
  readonly #open = new OpenFiles<OpenArchive>(openFilesMax);
  #nextNumber = 1;
  #released: Released[] = [];
  #turn: Promise<void> = Promise.resolve();

  /** `found`: the files that are there. */
  constructor(options: FileArchiveOptions, found: readonly JournalFile[]) {
    this.#options = options;
    for (const file of found) {
      this.#files.set(file.name, file);
      this.#nextNumber = Math.max(this.#nextNumber, file.number + 1);
    }
  }

  async write(source: ArchiveSource, batches: AsyncIterable<readonly ArchivedBatch[]>): Promise<ArchiveFile> {
    const { disk, random, groupBytes, flush, syncDirectory, onRemoved } = this.#options;
    const identity = { kind: "archive", number: this.#nextNumber++, salt: newSalt(random) } as const;
    const file = { ...identity, name: fileName(identity) };
    await flush();
    try {
      await writeArchive(disk, file, source, batches, groupBytes);
    } catch (error) {
      // It may have taken what was left of the disk: that is free again.
      onRemoved();
      throw error;
    }
    await syncDirectory();
    this.#files.set(file.name, file);
    return { number: file.number, salt: file.salt };
  }

  async read(of: ArchiveFile, ask: ArchiveRead): Promise<ArchiveAnswer> {
    const nothing = { batches: [], nextOffset: ask.endOffset };
    const answer = await this.#reading(of, (file, open) => this.#read(file, open, ask));
    return answer === undefined ? nothing : { ...answer, batches: owned(answer.batches) };
  }

  async offsetAtTime(of: ArchiveFile, timeMs: number, fromOffset: number): Promise<number | undefined> {
    return this.#reading(of, async (file, open) => {
      for (let index = groupAt(open.entries, fromOffset); index < open.entries.length; index++) {
        if ((open.entries[index] as GroupEntry).newestMs < timeMs) continue;
        const [group] = await this.#groups(file, open, index, 1);
        const found = group?.batches.find(
          ({ firstOffset, count, publishedAtMs }) =>
            firstOffset + count > fromOffset && publishedAtMs >= timeMs,
        );
        if (found !== undefined) return found.firstOffset;
      }
      return undefined;
    });
  }

  release(files: Iterable<ArchiveFile>): void {
    const { lastSequence } = this.#options.progress();
    for (const of of files) {
      const file = this.#files.get(nameOf(of));
      if (file === undefined) continue;
      this.#files.delete(file.name);
      this.#released.push({ file, sequence: lastSequence });
    }
    this.proceed();
  }

  files(): readonly ArchiveFile[] {
    return [...this.#files.values()];
  }

  async look(of: ArchiveFile): Promise<ArchiveContent | undefined> {
    return this.#reading(of, async (file, open) => {
      const { entries, end } = open;
      let newestMs = Number.NEGATIVE_INFINITY;
      for (const entry of entries) newestMs = Math.max(newestMs, entry.newestMs);
      for (let index = entries.length - 1; index >= 0; index--) {
        const [group] = await this.#groups(file, open, index, 1);
        const last = group?.batches.at(-1);
        if (group === undefined || last === undefined) continue;
        const { owner, partition } = group;
        const { firstOffset } = entries[0] as GroupEntry;
        const endOffset = last.firstOffset + last.count;
        return { owner, partition, firstOffset, endOffset, newestMs, byteLength: end - headerBytes };
      }
      return undefined;
    });
  }

  /** More is synced: removes what may be removed now. */
  proceed(): void {
    const { syncedThrough } = this.#options.progress();
    const ripe = this.#released.filter(({ sequence }) => sequence <= syncedThrough);
    if (ripe.length === 0) return;
    this.#released = this.#released.filter(({ sequence }) => sequence > syncedThrough);
    this.#turn = this.#turn.then(() => this.#remove(ripe));
  }

  /** Resolves when nothing is under way. */
  async close(): Promise<void> {
    await this.#turn;
    await this.#open.close();
  }

  /** A file that cannot be removed takes room and does no harm: the next start finds that nothing refers to it. */
  async #remove(released: readonly Released[]): Promise<void> {
    const { disk, log, onRemoved } = this.#options;
    for (const { file } of released) {
      await this.#open.drop(file.name);
      try {
        await disk.remove(file.name);
      } catch (error) {
        log.warn(
          { err: error, file: file.name },
          "could not remove a file of the archive that is not needed any more",
        );
      }
    }
    onRemoved();
  }

  /** Undefined when the file is not there. */
  async #reading<Value>(
    of: ArchiveFile,
    read: (file: JournalFile, open: OpenArchive) => Promise<Value>,
  ): Promise<Value | undefined> {
    const file = this.#files.get(nameOf(of));
    if (file === undefined) return undefined;
    try {
      return await this.#open.use(
        file.name,
        () => this.#openFile(file),
        (open) => read(file, open),
      );
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
      // It may have been released in the meantime.
      if (this.#files.has(file.name))
        this.#options.log.error(
          { err: error, file: file.name },
          "a file of the archive is not there; its records are lost",
        );
      return undefined;
    }
  }

  async #openFile(file: JournalFile): Promise<OpenArchive> {
    const open = await this.#options.disk.open(file.name);
    try {
      const groups = await findGroups(open, file);
      if (groups.unreadable !== undefined) {
        this.#options.log.error(
          { file: file.name, unreadable: groups.unreadable },
          "the index of a file of the archive is damaged; its records were looked for one by one",
        );
      }
      return { file: open, ...groups };
    } catch (error) {
      await open.close();
      throw error;
    }
  }

  async #read(
    file: JournalFile,
    open: OpenArchive,
    { offset, endOffset, recordsMax, bytesMax }: ArchiveRead,
  ): Promise<ArchiveAnswer> {
    const batches: ArchivedBatch[] = [];
    let records = 0;
    let bytes = 0;
    for (let index = groupAt(open.entries, offset); index < open.entries.length; ) {
      if (batches.length > 0 && records >= recordsMax) {
        return { batches, nextOffset: (open.entries[index] as GroupEntry).firstOffset };
      }
      const groups = await this.#groups(file, open, index, bytesMax - bytes);
      for (const batch of groups.flatMap((group) => group?.batches ?? [])) {
        const { firstOffset, count } = batch;
        if (firstOffset + count <= offset) continue;
        bytes += batch.bytes.byteLength;
        if (batches.length > 0 && (records >= recordsMax || bytes > bytesMax)) {
          return { batches, nextOffset: firstOffset };
        }
        batches.push(batch);
        records += firstOffset + count - Math.max(offset, firstOffset);
      }
      index += groups.length;
    }
    return { batches, nextOffset: endOffset };
  }

  /** The group at `index` and those behind it, as far as `bytesMax` goes: one group at least. Undefined for one that is damaged. */
  async #groups(
    file: JournalFile,
    open: OpenArchive,
    index: number,
    bytesMax: number,
  ): Promise<readonly (Group | undefined)[]> {
    const { entries } = open;
    const startOf = (group: number): number => entries[group]?.fileOffset ?? open.end;
    let after = index + 1;
    while (after < entries.length && startOf(after + 1) - startOf(index) <= Math.min(bytesMax, readBytesMax))
      after++;
    const start = startOf(index);
    const bytes = new Uint8Array(startOf(after) - start);
    const length = await readWhole(open.file, bytes, start);
    return entries.slice(index, after).map(({ fileOffset, firstOffset }, i) => {
      const end = Math.min(startOf(index + i + 1) - start, length);
      const group = readGroup(readRecord(bytes.subarray(fileOffset - start, end), file.salt));
      if (group !== undefined) return group;
      const endOffset = entries[index + i + 1]?.firstOffset;
      this.#options.log.error(
        { file: file.name, offset: fileOffset, firstOffset, endOffset },
        "a part of a file of the archive is damaged and was passed over",
      );
      return undefined;
    });
  }
}

/** The batches as they may be kept: little of what was read must not hold on to the buffer of all of it. */
function owned(batches: readonly ArchivedBatch[]): readonly ArchivedBatch[] {
  let usedBytes = 0;
  const buffers = new Set<ArrayBufferLike>();
  for (const { bytes } of batches) {
    usedBytes += bytes.byteLength;
    buffers.add(bytes.buffer);
  }
  let heldBytes = 0;
  for (const { byteLength } of buffers) heldBytes += byteLength;
  if (usedBytes * 4 >= heldBytes) return batches;
  return batches.map((batch) => ({ ...batch, bytes: batch.bytes.slice() }));
}

const nameOf = ({ number, salt }: ArchiveFile): string => fileName({ kind: "archive", number, salt });

/** Index of the first group that may have a record at or behind `offset`, by halving. */
function groupAt(entries: readonly GroupEntry[], offset: number): number {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((entries[middle] as GroupEntry).firstOffset <= offset) low = middle + 1;
    else high = middle;
  }
  return Math.max(0, low - 1);
}
