/** Which files of the archive the topics of a broker refer to, and which they have just ceased to. */
import type { ArchiveFile } from "../journal/archive.ts";
import { takeDeadFiles as takeDeadFilesOf } from "../topic/state.ts";
import type { BrokerState, Change } from "./state.ts";

export function* referencedFiles(state: BrokerState): Generator<ArchiveFile> {
  for (const { partitions } of state.topics())
    for (const { archived } of partitions) for (const { file } of archived) yield file;
}

/** Files of no use any more since these changes were applied. */
export function takeDeadFiles(state: BrokerState, changes: readonly Change[]): readonly ArchiveFile[] {
  const dead: ArchiveFile[] = [];
  for (const { what, owner } of changes) {
    const topic = what === "topic" ? state.topic(owner) : undefined;
    if (topic !== undefined && topic.deadFiles.length > 0) dead.push(...takeDeadFilesOf(topic));
  }
  return dead;
}

/** Whether every record of the journal could be read, and fitted to those before. */
export function isFoldedWhole(state: BrokerState): boolean {
  if (state.unreadableRecords > 0) return false;
  for (const { orphanRecords } of state.topics()) if (orphanRecords > 0) return false;
  return true;
}
