/** Which files of the archive the topics of a broker refer to, which they have just ceased to, and what becomes of those that nobody refers to. */
import type { Log } from "@sluice/runtime";
import type { Archive, ArchiveFile } from "../journal/archive.ts";
import type { Journal } from "../journal/journal.ts";
import { fateOf } from "../topic/decide/adopt.ts";
import { takeDeadFiles as takeDeadFilesOf } from "../topic/state.ts";
import type { BrokerState, Change } from "./state.ts";

/** Files of no use any more since these changes were applied. */
export function takeDeadFiles(state: BrokerState, changes: readonly Change[]): readonly ArchiveFile[] {
  let dead = state.removed.takeFiles();
  for (const { what, owner } of changes) {
    const topic = what === "topic" ? state.topic(owner) : undefined;
    if (topic !== undefined && topic.deadFiles.length > 0) dead = dead.concat(takeDeadFilesOf(topic));
  }
  return dead;
}

/** Whether every record of the journal could be read, and fitted to those before. */
export function isFoldedWhole(state: BrokerState): boolean {
  if (state.unreadableRecords > 0) return false;
  for (const { orphanRecords } of state.topics()) if (orphanRecords > 0) return false;
  return true;
}

interface Reconciling {
  readonly state: BrokerState;
  readonly journal: Journal;
  readonly log: Log;
  commit(changes: readonly Change[]): Promise<unknown>;
}

/**
 * Once after the replay. What is referred to and missing is told. A file that nothing refers to is removed when what it holds is deleted or there
 * without it: then a process ended before its record. Otherwise damage may have taken the record, and the file is referred to anew.
 */
export async function reconcileArchive(core: Reconciling, isWhole: boolean): Promise<void> {
  const { archive } = core.journal;
  if (archive === undefined) return;
  // Of topics that are gone: nothing refers to them, so they are among those that are looked at now.
  core.state.removed.takeFiles();
  const unneeded = new Map(archive.files().map((file) => [nameOf(file), file]));
  for (const file of referencedFiles(core.state)) {
    if (unneeded.delete(nameOf(file))) continue;
    core.log.error({ archiveFile: file.number }, "a file of the archive is not there; its records are lost");
  }
  for (const file of unneeded.values()) {
    try {
      await reconcileFile(core, archive, file, isWhole);
    } catch (err) {
      core.log.error(
        { err, archiveFile: file.number },
        "a file of the archive that nothing refers to cannot be read; it stays",
      );
    }
  }
}

async function reconcileFile(
  core: Reconciling,
  archive: Archive,
  { number, salt }: ArchiveFile,
  isWhole: boolean,
): Promise<void> {
  const { state, log } = core;
  const file = { number, salt };
  const content = await archive.look(file);
  if (content === undefined) return archive.release([file]);
  const { owner, partition, ...rest } = content;
  const partitionLog = state.topic(owner)?.partitions[partition];
  const range = { file, ...rest };
  const isGone = isWhole && state.catalog.wasRemoved(owner);
  const fate =
    partitionLog === undefined ? (isGone ? "useless" : "keep") : fateOf(partitionLog, range, isWhole);
  if (fate === "useless") return archive.release([file]);
  if (fate === "keep") {
    log.error(
      { archiveFile: file.number, ...content },
      "a file of the archive holds records that nothing refers to; it stays",
    );
    return;
  }
  await core.commit([{ what: "topic", owner, record: { kind: "archived", partition, ...range } }]);
  log.warn(
    { archiveFile: file.number, ...content },
    "took up a file of the archive that nothing referred to any more",
  );
}

function* referencedFiles(state: BrokerState): Generator<ArchiveFile> {
  for (const { partitions } of state.topics())
    for (const { archived } of partitions) for (const { file } of archived) yield file;
}

const nameOf = ({ number, salt }: ArchiveFile): string => `${number}-${salt}`;
