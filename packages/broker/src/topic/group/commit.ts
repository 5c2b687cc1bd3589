/** Offset commit: a group says how far it has read. */
import type { Done } from "../../queue/commands.ts";
import { type Refused, refuse } from "../../queue/refusals.ts";
import type { Commit, OffsetCommit } from "../commands.ts";
import type { TopicDecision } from "../decide/decision.ts";
import type { TopicRefusal } from "../refusals.ts";
import type { TopicDirectory } from "../state.ts";
import { refuseGeneration } from "./generation.ts";
import type { OffsetsCommitted } from "./records.ts";
import type { GroupState } from "./state.ts";

/**
 * All of the offsets or none. A commit may go back, to read again. Refused as `stale-generation`, `unknown-topic`,
 * `unknown-partition`, `not-a-log`, or `offset-out-of-range` for an offset behind the end.
 */
export function decideCommit(
  group: GroupState,
  { generation, offsets }: Commit,
  directory: TopicDirectory,
): TopicDecision<OffsetsCommitted, Done> {
  const stale = refuseGeneration(group, generation);
  if (stale !== undefined) return stale;
  for (const commit of offsets) {
    const refused = refuseOffset(commit, directory);
    if (refused !== undefined) return refused;
  }
  const reply = { done: true } as const;
  if (offsets.length === 0) return { ok: true, records: [], reply };
  const record = { kind: "offsets-committed", offsets } as const;
  return { ok: true, records: [{ owner: group.number, record }], reply };
}

function refuseOffset(
  { topic: number, partition, offset }: OffsetCommit,
  directory: TopicDirectory,
): Refused<TopicRefusal> | undefined {
  const topic = directory.topic(number);
  if (topic === undefined) return refuse("unknown-topic", `There is no topic ${number}.`);
  if (topic.settings.retention === "live") {
    return refuse("not-a-log", `Topic ${number} is live-only: nothing is kept that a group could read.`);
  }
  const log = topic.partitions[partition];
  if (log === undefined) {
    return refuse(
      "unknown-partition",
      `Topic ${number} has partitions 0 to ${topic.partitions.length - 1}, not ${partition}.`,
    );
  }
  if (!Number.isSafeInteger(offset) || offset < 0 || offset > log.endOffset) {
    return refuse(
      "offset-out-of-range",
      `Partition ${partition} of topic ${number} ends at offset ${log.endOffset}; ${offset} cannot have been read.`,
    );
  }
  return undefined;
}
