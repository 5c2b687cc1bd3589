/**
 * The archive: files beside the log, each with batches of records of one partition in the order of their offsets, for what is kept long and read
 * seldom. A file is written once, whole, and is removed as a whole. What refers to a file is the log: a file that nothing refers to says nothing.
 */

/** Names a file of the archive. */
export interface ArchiveFile {
  readonly number: number;
  readonly salt: number;
}

/** Whose records a file holds: so that it can be told without the log. */
export interface ArchiveSource {
  /** The topic by its number in the catalog. */
  readonly owner: number;
  readonly partition: number;
}

/** Records with consecutive offsets; the bytes are kept as they are. */
export interface ArchivedBatch {
  readonly firstOffset: number;
  readonly count: number;
  readonly publishedAtMs: number;
  readonly bytes: Uint8Array;
}

export interface ArchiveRead {
  /** The offset at which to begin. */
  readonly offset: number;
  /** The offset behind the file, as its reader knows it. */
  readonly endOffset: number;
  /** Enough batches for so many records are read, and */
  readonly recordsMax: number;
  /** as many as fit into so many bytes, but one at least. */
  readonly bytesMax: number;
}

export interface ArchiveAnswer {
  /** From the one with the offset, or the next behind it. The bytes are the caller's. */
  readonly batches: readonly ArchivedBatch[];
  /** Where to go on: behind the last batch, or behind the file. */
  readonly nextOffset: number;
}

/** What a file is found to hold. */
export interface ArchiveContent extends ArchiveSource {
  readonly firstOffset: number;
  readonly endOffset: number;
  /** When the newest of the records was published. */
  readonly newestMs: number;
  /** Of the groups, with what stands beside the batches. */
  readonly byteLength: number;
}

export interface Archive {
  /**
   * Writes a file with the batches, after everything appended so far is synced, and resolves when it is on the disk with its name: so a file never
   * holds what a power cut may take from the log. Rejects with the error of the disk or of `batches`, and
   * leaves nothing then.
   */
  write(source: ArchiveSource, batches: AsyncIterable<readonly ArchivedBatch[]>): Promise<ArchiveFile>;

  /**
   * Reads batches of a file. What is damaged is told to the log and passed over, a file that is not there included. Rejects with the error of the
   * disk when it does not give what it has.
   */
  read(file: ArchiveFile, ask: ArchiveRead): Promise<ArchiveAnswer>;

  /**
   * Offset of the first batch with a record at or behind `fromOffset` that was published at `timeMs` or later; undefined when there is none, or it
   * is damaged. Rejects as `read` does.
   */
  offsetAtTime(file: ArchiveFile, timeMs: number, fromOffset: number): Promise<number | undefined>;

  /** Nothing refers to these files any more. They are removed once everything appended so far is synced. */
  release(files: Iterable<ArchiveFile>): void;

  /** The files that are there. */
  files(): readonly ArchiveFile[];

  /** Looks what a file holds; undefined when nothing of it can be read. Rejects as `read` does. */
  look(file: ArchiveFile): Promise<ArchiveContent | undefined>;
}
