/** A consumer group as records that rebuild it, without its members: what a checkpoint of the journal holds. */
import type { OffsetCommit } from "../commands.ts";
import type { GroupRecord } from "./records.ts";
import type { GroupState } from "./state.ts";

export function* snapshotGroup(state: GroupState): Generator<GroupRecord> {
  const offsets: OffsetCommit[] = [];
  for (const [topic, partitions] of state.committed) {
    for (const [partition, offset] of partitions) offsets.push({ topic, partition, offset });
  }
  yield { kind: "restored-group", generation: state.assignment.generation, offsets };
}
