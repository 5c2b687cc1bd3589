export type * from "./disk.ts";
export { FileJournal, type FileJournalOptions, reserveBytesUsual } from "./file-journal.ts";
export type * from "./journal.ts";
export { MemoryJournal } from "./memory-journal.ts";
export { NodeDisk } from "./node-disk.ts";
