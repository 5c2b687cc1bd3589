/** What every decision is made of. */
import type { LineReply } from "../commands.ts";
import type { LineRecord } from "../records.ts";
import type { LineSettings } from "../settings.ts";

export interface Decision {
  readonly records: readonly LineRecord[];
  readonly reply: LineReply;
}

/** When a decision is made, and by which numbers. */
export interface Moment {
  readonly settings: LineSettings;
  /** Wall clock in whole milliseconds. */
  readonly atMs: number;
}
