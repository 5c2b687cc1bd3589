/**
 * The journal: one ordered, durable log of everything that the broker decided. An append is atomic and is the unit that a
 * checksum covers: after a crash it is there whole or not at all. Many appends share one sync (group commit).
 *
 * Implementations pass `journalConformance`. What is on the disk is described in docs/journal.md.
 */
import type { Fault } from "@sluice/runtime";
import type { Archive } from "./archive.ts";

/**
 * What a reply rests on.
 * - `synced`: on this disk, after the sync of its record.
 * - `replicated`: on enough other machines.
 * - `buffered`: handed to the operating system; a power cut may take it, a crash of the process may not.
 * - `memory`: nowhere else.
 */
export type Durability = "synced" | "replicated" | "buffered" | "memory";

/**
 * Where a body lies: `segment number * 2^32 + offset in the segment`, exact in a double. Opaque outside the journal,
 * kept by the state as one number for each body. Positions grow with the order of appends.
 */
export type BodyPosition = number;

/** A body to be written, or one that stays where it is: all those of a checkpoint, and in an append one that was appended before. */
export type JournalBody = Uint8Array | { readonly position: BodyPosition };

/** One record of an append. */
export interface JournalPart {
  /** The queue, topic or group that the record belongs to, by its number in the catalog; 0 is the broker itself. */
  readonly owner: number;
  /** What kind of record, 0 to 255; its codec gives the number its meaning. */
  readonly type: number;
  /** The durability that this part asks for. An append is synced if any part is; `memory` parts are not written. */
  readonly durability: "synced" | "buffered" | "memory";
  /** What recovery reads into memory. */
  readonly head: Uint8Array;
  /** What may stay on disk and be read back by position. */
  readonly bodies: readonly JournalBody[];
}

/** What an append was given, known at once, before anything is on disk. */
export interface Appended {
  /** Number of the append in the journal, from 1, without gaps. 0 when no part is written: all `memory`, none, or after a fault. */
  readonly sequence: number;
  /** One for each body of each part in order: where it lies. 0 for the bytes of parts that are not written. */
  readonly positions: readonly BodyPosition[];
}

/** Called once when an append rests on what it asked for, in the order of the appends; with the fault if it never will. */
export type Settled = (fault?: StorageFault) => void;

/** The storage broke. Nothing that waited was answered; nothing is written any more; recovery is a restart. */
export type StorageFault = Fault & { readonly code: "storage-failed" };

/** An append as replay reads it back. */
export interface ReplayedAppend {
  readonly sequence: number;
  readonly parts: readonly ReplayedPart[];
}

export interface ReplayedPart {
  readonly owner: number;
  readonly type: number;
  readonly head: Uint8Array;
  /** The bytes are views that hold until the visitor returns: copy what is to stay. `bytes` is absent for a body kept by position. */
  readonly bodies: readonly { readonly position: BodyPosition; readonly bytes?: Uint8Array }[];
}

/** Bytes that were no longer a record though later ones say that they were synced: lost, reported, passed over. */
export interface Damage {
  readonly segment: string;
  readonly offset: number;
  readonly bytes: number;
  /** The first sequence that is missing, and how many, as far as an intact record after them tells. */
  readonly firstSequence: number;
  readonly appendsLost: number;
}

export interface ReplayReport {
  /** Appends visited; the parts of a checkpoint are not counted. */
  readonly appends: number;
  /** The next append gets the one after it. */
  readonly lastSequence: number;
  /** The last sequence that the checkpoint holds the effect of, when replay began with one. */
  readonly checkpointSequence?: number;
  /** Where the journal broke off in the middle of an append that nobody was told of; cut there. */
  readonly tornTail?: {
    readonly segment: string;
    readonly offset: number;
    readonly bytes: number;
    readonly sequence: number;
  };
  readonly damages: readonly Damage[];
}

/**
 * Why the journal should grow no further.
 * - `disk`: the disk is full, and only the reserve of the journal is left for what drains it.
 * - `budget`: its files take as many bytes as they may.
 */
export type Shortage = "disk" | "budget";

/** A part of the journal that goes when no body in it is wanted any more: a segment. Positions from `from` to, not including, `to` lie in it. */
export interface Stretch {
  readonly from: BodyPosition;
  readonly to: BodyPosition;
  /** Bytes that its file has. */
  readonly bytes: number;
}

/** Making room takes some first. */
export interface RelocationRoom {
  /** Bytes in all; without bound, unless the disk is full. Then a part of what is known to be free. */
  readonly bytesMax: number;
  /** Bytes of one append, so that what is appended beside it waits little, and a disk on which it finds no space has a reserve for it. */
  readonly appendBytesMax: number;
}

/** What the files of a journal take on the disk. */
export interface JournalUsage {
  /** How many segments there are. */
  readonly segmentCount: number;
  readonly bytes: Readonly<Record<JournalFileUse, number>>;
}

/** What a file of a journal is for. `reserve`: kept for the time when the disk is full. `other`: about to get its name, or foreign. */
export type JournalFileUse = "segment" | "checkpoint" | "archive" | "reserve" | "other";

export interface Journal extends AsyncDisposable {
  /** The strongest durability that an append can have here. */
  readonly durability: Durability;
  /** The fault that stopped the journal, once there is one. */
  readonly fault: StorageFault | undefined;

  /**
   * Bytes appended and not settled: what is held in memory because the disk is slower. The journal takes any amount; whoever
   * appends has to stop before it is too much.
   */
  readonly pendingBytes: number;

  /** What there is too little of, while it is so. Appends are taken all the same: whoever appends refuses what is new. */
  readonly full: Shortage | undefined;

  /** How much may be appended in order to make room elsewhere. */
  readonly relocationRoom: RelocationRoom;

  /** Files beside the log for what is kept long; undefined before the replay, and where nothing is kept. */
  readonly archive: Archive | undefined;

  /** What there is on the disk now. */
  readonly usage: JournalUsage;

  /** Calls `listener` each time that the disk is found full. */
  onFull(listener: () => void): void;

  /** Calls `listener` after each sync of appends with how long it took, in milliseconds. */
  onSynced(listener: (tookMs: number) => void): void;

  /**
   * Visits what was appended before this process, in order, checkpoint first. Must be called once, before the first append.
   * A damaged record costs that record and is reported. The visitor may release bodies. Rejects with a `Fault`: `format-too-new` when the
   * format is newer than this code, `storage-failed` when the disk cannot be read; nothing was changed then.
   */
  replay(visit: (append: ReplayedAppend) => void): Promise<ReplayReport>;

  /**
   * Appends parts as one atomic record. Returns at once: the caller may apply them, but nothing that rests on them may leave the
   * process before `settled`. An append without written parts settles when everything appended before it has: a barrier.
   * Never throws for the disk's sake; after a fault every append settles with it.
   * The bytes of the parts are copied before it returns: they may change then.
   */
  append(parts: readonly JournalPart[], settled: Settled): Appended;

  /** The bytes of a body, checked against the checksum of its append. Rejects with a `Fault` (`body-damaged`) if it does not hold. */
  readBody(position: BodyPosition): Promise<Uint8Array>;

  /**
   * These bodies are dead: their state no longer refers to them. A segment without live bodies that a checkpoint covers is removed once
   * everything appended before the release is synced. A body is released as often as appends mentioned it, in written parts or not: once as
   * a rule. Position 0 is passed over.
   */
  release(positions: Iterable<BodyPosition>): void;

  /**
   * Stretches that a checkpoint covers and that are still there: mostly for their bodies, so that one with few of them is worth having its bodies
   * appended once more and released. Oldest first; a new list.
   */
  covered(): readonly Stretch[];

  /**
   * Writes a snapshot of the state as parts that rebuild it, valid as of every append made before the call. Once it is synced, replay
   * starts from it, and dead segments before it are removed. Bodies are given by position. Resolves when that is done.
   * The iterable is drained before the call returns, so that it sees one state.
   */
  checkpoint(snapshot: Iterable<JournalPart>): Promise<void>;
}
