/**
 * A checkpoint as a file: a header, one record a part numbered from 1, and a mark at the end (docs/journal.md, "Checkpoints"). It gets
 * its name when it is whole and synced, so that one which is not whole was damaged later.
 */
import { assert, type Random } from "@sluice/runtime";
import type { Disk, DiskFile } from "./disk.ts";
import type { JournalPart, ReplayedPart } from "./journal.ts";
import {
  encodeMark,
  encodeRecord,
  payloadBytesMax,
  payloadBytesOf,
  recordHeaderBytes,
} from "./record-codec.ts";
import { RecordReader } from "./record-reader.ts";
import { ReplayWalk } from "./replay-walk.ts";
import {
  encodeHeader,
  type FoundFile,
  fileName,
  headerBytes,
  type JournalFile,
  newSalt,
  unfinishedName,
} from "./segment.ts";
import { writeWhole } from "./whole-transfer.ts";

const firstChunkBytes = 16 * 1024;
const chunkBytesMax = 1024 * 1024;

/** A checkpoint in memory, ready to be written. */
export interface CheckpointDraft extends JournalFile {
  readonly chunks: readonly Uint8Array[];
}

/** Encodes a snapshot valid as of `sequence`, draining it now. Parts of durability `memory` are left out, as in an append. */
export function draftCheckpoint(
  sequence: number,
  random: Random,
  snapshot: Iterable<JournalPart>,
): CheckpointDraft {
  const identity = { kind: "checkpoint", number: sequence, salt: newSalt(random) } as const;
  const chunks: Uint8Array[] = [encodeHeader({ ...identity, nextSequence: sequence + 1 })];
  let chunk = new Uint8Array(firstChunkBytes);
  let view = new DataView(chunk.buffer);
  let used = 0;
  let next = 1;
  for (const part of snapshot) {
    assert(
      part.bodies.every((body) => !(body instanceof Uint8Array)),
      "a checkpoint gives bodies by position",
    );
    const payloadBytes = payloadBytesOf([part]);
    if (payloadBytes === 0) continue;
    assert(payloadBytes <= payloadBytesMax, `a part of ${payloadBytes} bytes exceeds ${payloadBytesMax}`);
    const bytes = recordHeaderBytes + payloadBytes;
    if (used + bytes > chunk.length) {
      chunks.push(chunk.subarray(0, used));
      chunk = new Uint8Array(Math.max(bytes, Math.min(2 * chunk.length, chunkBytesMax)));
      view = new DataView(chunk.buffer);
      used = 0;
    }
    const frame = { salt: identity.salt, sequence: next++, unsynced: 0, payloadBytes };
    encodeRecord(chunk, view, used, frame, [part], 0, []);
    used += bytes;
  }
  chunks.push(chunk.subarray(0, used), encodeMark(identity.salt, next, 0));
  return { ...identity, name: fileName(identity), chunks };
}

/**
 * Writes a checkpoint under a name that recovery does not take for one, and syncs it. Call what is returned to give it its name, when
 * everything it rests on is synced; the directory is to be synced after that. Rejects with the error of the disk, and leaves nothing.
 */
export async function writeCheckpoint(disk: Disk, draft: CheckpointDraft): Promise<() => Promise<void>> {
  const unfinished = unfinishedName(draft.name);
  const file = await disk.create(unfinished);
  try {
    let offset = 0;
    for (const chunk of draft.chunks) {
      await writeWhole(file, chunk, offset);
      offset += chunk.length;
    }
    await file.sync();
  } catch (error) {
    await file.close();
    await disk.remove(unfinished);
    throw error;
  }
  await file.close();
  return () => disk.rename(unfinished, draft.name);
}

/** Whether nothing of a checkpoint is damaged. */
export async function isWhole(disk: Disk, checkpoint: FoundFile): Promise<boolean> {
  const walk = new ReplayWalk(1, Number.MAX_SAFE_INTEGER, () => undefined);
  const ended = await walkCheckpoint(disk, checkpoint, walk);
  return ended && walk.damages.length === 0;
}

/** Visits the parts of a checkpoint; what is damaged is passed over and returned. */
export async function readCheckpoint(
  disk: Disk,
  checkpoint: FoundFile,
  visit: (parts: readonly ReplayedPart[]) => void,
): Promise<ReplayWalk> {
  const walk = new ReplayWalk(1, 0, ({ parts }) => visit(parts));
  const ended = await walkCheckpoint(disk, checkpoint, walk);
  if (!ended) walk.lose(checkpoint.name, checkpoint.size, 0);
  walk.end();
  return walk;
}

/** True when its end is there. */
async function walkCheckpoint(disk: Disk, checkpoint: FoundFile, walk: ReplayWalk): Promise<boolean> {
  if (checkpoint.header === undefined) walk.lose(checkpoint.name, 0, headerBytes);
  const file: DiskFile = await disk.open(checkpoint.name);
  try {
    const reader = new RecordReader(file, checkpoint, checkpoint.size);
    return (await walk.segment(reader, checkpoint.name, false)).closed;
  } finally {
    await file.close();
  }
}
