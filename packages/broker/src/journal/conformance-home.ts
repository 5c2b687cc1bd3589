/** What tests of journals share: where one lives, and short words to append and to read back. */
import type { Journal, JournalPart, ReplayedAppend, ReplayReport } from "./journal.ts";

/** Where one journal lives: opening it again after its disposal finds what was appended before, if it keeps anything. */
export interface JournalHome extends AsyncDisposable {
  open(): Promise<Journal>;
}

export interface Kept {
  readonly owner: number;
  readonly type: number;
  readonly head: string;
  readonly bodies: readonly (string | undefined)[];
}

/** Appends and waits; rejects with the fault. */
export async function appendSettled(
  journal: Journal,
  parts: readonly JournalPart[],
): Promise<readonly number[]> {
  let positions: readonly number[] = [];
  await new Promise<void>((resolve, reject) => {
    const settled = (fault?: Error): void => (fault === undefined ? resolve() : reject(fault));
    positions = journal.append(parts, settled).positions;
  });
  return positions;
}

/** A part with text for bytes. */
export function textPart(
  head: string,
  bodies: readonly string[] = [],
  durability: JournalPart["durability"] = "synced",
): JournalPart {
  return { owner: 7, type: 3, durability, head: bytes(head), bodies: bodies.map(bytes) };
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
export const text = (of: Uint8Array): string => new TextDecoder().decode(of);

/** Copies an append out of the views that replay hands over. */
function kept({ parts }: ReplayedAppend): Kept[] {
  return parts.map(({ owner, type, head, bodies }) => ({
    owner,
    type,
    head: text(head),
    bodies: bodies.map((body) => (body.bytes === undefined ? undefined : text(body.bytes))),
  }));
}

/** What a replay visits. */
export async function replayed(
  journal: Journal,
): Promise<{ appends: Kept[][]; report: ReplayReport; sequences: number[] }> {
  const appends: Kept[][] = [];
  const sequences: number[] = [];
  const report = await journal.replay((append) => {
    appends.push(kept(append));
    sequences.push(append.sequence);
  });
  return { appends, report, sequences };
}
