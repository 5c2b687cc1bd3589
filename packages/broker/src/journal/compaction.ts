/**
 * Keeps the journal short: writes checkpoints, and removes segments that one covers and in which no body is wanted any more. One thing at a
 * time, beside the appends.
 */
import { Fault, type Log, type Random } from "@sluice/runtime";
import type { BodyReader } from "./body-reader.ts";
import { type CheckpointDraft, draftCheckpoint, writeCheckpoint } from "./checkpoint-file.ts";
import type { Disk } from "./disk.ts";
import type { GroupCommit } from "./group-commit.ts";
import type { JournalPart } from "./journal.ts";
import type { LiveBodies } from "./live-bodies.ts";
import type { Reserve } from "./reserve.ts";
import type { JournalFile } from "./segment.ts";

export interface CompactionOptions {
  readonly disk: Disk;
  readonly random: Random;
  readonly log: Log;
  readonly commit: GroupCommit;
  readonly bodies: BodyReader;
  readonly live: LiveBodies;
  readonly reserve: Reserve;
  /** Whether segments should go as soon as they can, so that there is space again. */
  readonly isShort: () => boolean;
  /** Segments with a lower number are covered by a checkpoint. */
  readonly coveredBeforeSegment: number;
  /** Names of the checkpoints that are there. */
  readonly checkpoints: readonly string[];
}

export class Compaction {
  readonly #options: CompactionOptions;
  #coveredBeforeSegment: number;
  #checkpoints: readonly string[];
  /** At first, because the process before may have ended between a checkpoint and the removals after it. */
  #mayRemove = true;
  #stopped = false;
  #turn: Promise<void> = Promise.resolve();

  constructor(options: CompactionOptions) {
    this.#options = options;
    this.#coveredBeforeSegment = options.coveredBeforeSegment;
    this.#checkpoints = options.checkpoints;
  }

  /** See `Journal.checkpoint`. Rejects with a `Fault`: `checkpoint-failed`, after which the journal goes on, or `storage-failed`. */
  checkpoint(snapshot: Iterable<JournalPart>): Promise<void> {
    const { commit, random, isShort } = this.#options;
    // The segment that is written to cannot be removed, so that what drains it goes to the next one.
    if (isShort()) commit.rotate();
    const { segmentNumber } = commit;
    const draft = draftCheckpoint(commit.lastSequence, random, snapshot);
    return this.#inTurn(() => this.#write(draft, segmentNumber));
  }

  /** Segments that are there for their bodies only, or will be removed soon. */
  covered(): readonly JournalFile[] {
    return this.#options.bodies.segments().filter(({ number }) => number < this.#coveredBeforeSegment);
  }

  /** The last body of a segment was released. */
  segmentEmptied(segmentNumber: number): void {
    if (segmentNumber >= this.#coveredBeforeSegment) return;
    this.#mayRemove = true;
    this.proceed();
  }

  /** More is synced: removes what may be removed now. */
  proceed(): void {
    if (!this.#mayRemove || this.#coveredBeforeSegment === 0 || this.#stopped) return;
    this.#mayRemove = false;
    // A fault has stopped the journal and was told of; there is nothing to add to it here.
    this.#inTurn(() => this.#removeDead()).catch(() => undefined);
  }

  /** Begins nothing more by itself; resolves when nothing is under way. */
  stop(): Promise<void> {
    this.#stopped = true;
    return this.#turn;
  }

  #inTurn(act: () => Promise<void>): Promise<void> {
    const done = this.#turn.then(() => {
      const { fault } = this.#options.commit;
      if (fault !== undefined) throw fault;
      return act();
    });
    this.#turn = done.catch(() => undefined);
    return done;
  }

  async #write(draft: CheckpointDraft, segmentNumber: number): Promise<void> {
    const { commit } = this.#options;
    try {
      const giveName = await this.#writeFile(draft);
      // A checkpoint speaks for every append before it, so these must be on the disk first.
      await commit.flush();
      await giveName();
    } catch (error) {
      if (error instanceof Fault) throw error;
      throw new Fault("checkpoint-failed", `The checkpoint ${draft.name} could not be written.`, {
        cause: error,
      });
    }
    await commit.syncDirectory();
    this.#coveredBeforeSegment = segmentNumber;
    await this.#removeFiles(this.#checkpoints);
    this.#checkpoints = [draft.name];
    await this.#removeDead();
  }

  /** A checkpoint that is large beside the reserve must not use it up: acks need it more. */
  #writeFile(draft: CheckpointDraft): Promise<() => Promise<void>> {
    const { disk, reserve } = this.#options;
    const bytes = draft.chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0);
    const fits = bytes <= reserve.bytes / 2;
    if (reserve.full && !fits) {
      throw new Fault("checkpoint-failed", `A checkpoint of ${bytes} bytes does not fit on the full disk.`);
    }
    const write = (): Promise<() => Promise<void>> => writeCheckpoint(disk, draft);
    return fits ? reserve.during(write) : write();
  }

  async #removeDead(): Promise<void> {
    const { commit, bodies, live } = this.#options;
    const names: string[] = [];
    for (const segment of this.covered()) {
      const emptiedAtSequence = live.emptiedAtSequence(segment.number);
      if (emptiedAtSequence === undefined) continue;
      if (emptiedAtSequence > commit.syncedThrough) {
        this.#mayRemove = true;
        continue;
      }
      live.forget(segment.number);
      await bodies.remove(segment.number);
      names.push(segment.name);
    }
    await this.#removeFiles(names);
  }

  /** A file that cannot be removed takes room and does no harm: recovery finds it dead again. */
  async #removeFiles(names: readonly string[]): Promise<void> {
    const { disk, commit, log, reserve } = this.#options;
    for (const name of names) {
      try {
        await disk.remove(name);
      } catch (error) {
        log.warn(
          { err: error, file: name },
          "could not remove a file of the journal that is not needed any more",
        );
      }
    }
    if (names.length === 0) return;
    await commit.syncDirectory();
    reserve.retry();
  }
}
