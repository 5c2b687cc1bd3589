export type * from "./disk.ts";
export type * from "./journal.ts";
