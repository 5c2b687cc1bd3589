/**
 * Looks at a journal from outside: everything that recovery would read is read and folded into a state, every body that the state still wants is
 * checked, every file of the archive as well, and nothing is changed.
 */
import { type Clock, Fault, type Now } from "@sluice/runtime";
import { checkArchive } from "../journal/archive-check.ts";
import { BodyReader } from "../journal/body-reader.ts";
import type { Disk } from "../journal/disk.ts";
import type { BodyPosition, ReplayReport } from "../journal/journal.ts";
import { walkJournal } from "../journal/journal-walk.ts";
import { placeOf } from "../journal/record-codec.ts";
import { type FoundFile, fileName } from "../journal/segment.ts";
import { BrokerState } from "./state.ts";

/** A whole record that says nothing to the state: what it speaks of was lost, or it cannot be read. */
export interface OrphanedRecord {
  /** Of its append; of the checkpoint, if it stands there. */
  readonly sequence: number;
  readonly owner: number;
  readonly problem: string;
}

/** A body that is still wanted and cannot be read. */
export interface UnreadableBody {
  readonly owner: number;
  readonly segmentNumber: number;
  readonly offset: number;
  readonly problem: string;
}

/** Something of the archive that is not as it should be. */
export interface ArchiveProblem {
  readonly file: string;
  /** The topic and the partition whose records the file holds, as the log says. */
  readonly owner: number;
  readonly partition: number;
  readonly problem: string;
}

export interface VerifyReport extends ReplayReport {
  /** Whether nothing that had been settled is lost. A torn tail is no damage: nobody was told of it. */
  readonly sound: boolean;
  /** Versions that headers name, rising; empty when there is no file, or no header holds. */
  readonly formatVersions: readonly number[];
  readonly segmentCount: number;
  readonly segmentBytes: number;
  readonly checkpointCount: number;
  /** Files of the archive, those that nothing refers to included. */
  readonly archiveCount: number;
  readonly archiveBytes: number;
  /** The first sequence that was visited after the checkpoint; absent when there is none. */
  readonly firstSequence?: number;
  readonly orphans: readonly OrphanedRecord[];
  readonly unreadableBodies: readonly UnreadableBody[];
  /** Of the files that a topic refers to: missing ones, and what is damaged in the others. */
  readonly archiveProblems: readonly ArchiveProblem[];
  /** Names of files of the archive that nothing refers to: the next start removes them, or takes them up if their records are nowhere else. */
  readonly orphanedArchives: readonly string[];
  /** What the state holds after the fold. */
  readonly queueCount: number;
  readonly topicCount: number;
  readonly groupCount: number;
  readonly bodyCount: number;
}

/**
 * Reads the whole journal on `disk`. Rejects with a `Fault` (`format-too-new`, `storage-failed`), or with the error of the disk, when it cannot
 * be read.
 */
export async function verifyJournal(disk: Disk, clock: Clock): Promise<VerifyReport> {
  const now = clock.now();
  const state = new BrokerState({ residentBytesMax: 0 });
  const orphans: OrphanedRecord[] = [];
  const sequences = new Set<number>();
  const walked = await walkJournal(disk, ({ sequence, parts }) => {
    if (sequences.size < 2) sequences.add(sequence);
    for (const part of parts) {
      const problem = state.replay(part, now);
      if (problem !== undefined) orphans.push({ sequence, owner: part.owner, problem });
    }
  });
  const { report, segments, checkpoints } = walked;
  const firstSequence = [...sequences].find((sequence) => sequence !== report.checkpointSequence);

  const bodies = new BodyReader(disk);
  for (const segment of segments) bodies.add(segment);
  const { bodyCount, unreadableBodies } = await readBodies(state, bodies, now);
  await bodies.close();

  const { archives } = walked;
  const { archiveProblems, orphanedArchives } = await readArchives(disk, state, archives);

  const formats = [...segments, ...checkpoints, ...archives].flatMap(({ header }) => header?.format ?? []);
  return {
    ...report,
    sound: report.damages.length + orphans.length + unreadableBodies.length + archiveProblems.length === 0,
    formatVersions: [...new Set(formats)].sort((a, b) => a - b),
    segmentCount: segments.length,
    segmentBytes: segments.reduce((sum, { size }) => sum + size, 0),
    checkpointCount: checkpoints.length,
    archiveCount: archives.length,
    archiveBytes: archives.reduce((sum, { size }) => sum + size, 0),
    ...(firstSequence === undefined ? {} : { firstSequence }),
    orphans,
    unreadableBodies,
    archiveProblems,
    orphanedArchives,
    queueCount: state.catalog.names("queue").length,
    topicCount: state.catalog.names("topic").length,
    groupCount: state.catalog.names("group").length,
    bodyCount,
  };
}

/** Reads every file of the archive that a topic refers to. */
async function readArchives(
  disk: Disk,
  state: BrokerState,
  found: readonly FoundFile[],
): Promise<Pick<VerifyReport, "archiveProblems" | "orphanedArchives">> {
  const files = new Map(found.map((file) => [file.name, file]));
  const archiveProblems: ArchiveProblem[] = [];
  for (const { number: owner, partitions } of state.topics()) {
    for (const [partition, { archived }] of partitions.entries()) {
      for (const { file: of } of archived) {
        const name = fileName({ kind: "archive", ...of });
        const file = files.get(name);
        files.delete(name);
        const problems =
          file === undefined ? ["it is not there"] : await problemsOf(disk, file, owner, partition);
        for (const problem of problems) archiveProblems.push({ file: name, owner, partition, problem });
      }
    }
  }
  return { archiveProblems, orphanedArchives: [...files.keys()] };
}

async function problemsOf(
  disk: Disk,
  file: FoundFile,
  owner: number,
  partition: number,
): Promise<readonly string[]> {
  const { problems, sources } = await checkArchive(disk, file);
  const isForeign = sources.some((source) => source.owner !== owner || source.partition !== partition);
  return isForeign ? [...problems, "it holds records of another partition"] : problems;
}

/** Reads every body that the state wants, in the order of the segments. */
async function readBodies(
  state: BrokerState,
  reader: BodyReader,
  now: Now,
): Promise<{ readonly bodyCount: number; readonly unreadableBodies: readonly UnreadableBody[] }> {
  const owners = new Map<BodyPosition, number>();
  for (const { owner, bodies } of state.snapshot(now)) {
    for (const body of bodies)
      if ("position" in body && body.position !== 0) owners.set(body.position, owner);
  }
  const unreadableBodies: UnreadableBody[] = [];
  for (const [position, owner] of [...owners].sort(([a], [b]) => a - b)) {
    try {
      await reader.read(position);
    } catch (error) {
      if (!(error instanceof Fault) || error.code !== "body-damaged") throw error;
      unreadableBodies.push({ owner, ...placeOf(position), problem: error.message });
    }
  }
  return { bodyCount: owners.size, unreadableBodies };
}
