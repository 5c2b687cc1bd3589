/** The calls that a simulated disk takes, and what can go wrong with one. */

export type DiskOperation =
  | "list"
  | "create"
  | "open"
  | "remove"
  | "rename"
  | "sync-directory"
  | "write"
  | "read"
  | "sync"
  | "truncate"
  | "size"
  | "close";

export interface DiskCall {
  /** From 1, over the life of the disk. */
  readonly number: number;
  readonly operation: DiskOperation;
  /** The file that it is about; empty for the directory. */
  readonly name: string;
}

/** A call fails with the error of that name, or (a read or write) moves only some of the bytes. */
export type DiskFailure = "EIO" | "ENOSPC" | "EINTR" | "short";

/** An error as `node:fs` gives it. */
export function systemError(code: string, syscall: string, name: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: simulated, ${syscall} '${name}'`), { code, syscall });
}
