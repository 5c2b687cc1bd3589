/** Records of a partition that were moved out of the log into a file of their own: all that a topic knows of them. */

/** Names a file of the archive. */
export interface ArchiveFile {
  readonly number: number;
  readonly salt: number;
}

/** Records with consecutive offsets in one file; after damage some may be missing there. */
export interface ArchivedRange {
  readonly file: ArchiveFile;
  readonly firstOffset: number;
  /** Offset of the first record behind it. */
  readonly endOffset: number;
  /** Bytes of its batches. */
  readonly byteLength: number;
  /** When the newest of its records was published. */
  readonly newestMs: number;
}
