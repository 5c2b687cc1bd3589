/**
 * The disk as the journal needs it: few operations, each of which can fail, be short or be lost on a power cut, so that
 * a simulated one can make them do so.
 */

export interface DiskFile {
  /** Writes at `offset`; resolves with how many bytes were taken, which may be fewer than given. */
  write(bytes: Uint8Array, offset: number): Promise<number>;
  /** Reads at `offset` into `bytes`; resolves with how many were read: fewer at the end of the file. */
  read(bytes: Uint8Array, offset: number): Promise<number>;
  /** Resolves when everything written to this file is on the disk (`fdatasync`). */
  sync(): Promise<void>;
  truncate(size: number): Promise<void>;
  size(): Promise<number>;
  close(): Promise<void>;
}

/** Paths are names inside the one directory that the disk was opened on. */
export interface Disk {
  /** Names of the files in the directory, in no particular order. */
  list(): Promise<readonly string[]>;
  /** Opens for reading and writing. `create` fails when the file exists, `open` when it does not. */
  create(name: string): Promise<DiskFile>;
  open(name: string): Promise<DiskFile>;
  remove(name: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  /** Resolves when creations, renames and removals of files are on the disk (`fsync` of the directory). */
  syncDirectory(): Promise<void>;
  /** Takes the lock of the directory for this process, or rejects with a `Fault` (`directory-in-use`) naming the holder. */
  lock(): Promise<AsyncDisposable>;
}
