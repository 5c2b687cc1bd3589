/** The only place where a consumer group changes, live and in recovery. */
import type { OffsetCommit } from "../commands.ts";
import type { GroupRecord } from "./records.ts";
import { type GroupState, nobody } from "./state.ts";

export function applyToGroup(state: GroupState, record: GroupRecord): void {
  switch (record.kind) {
    case "generation-begun":
      // A generation never goes back, whatever was damaged: a number that was used once must not be used again.
      if (record.assignment.generation <= state.assignment.generation) return;
      state.assignment = record.assignment;
      state.subscriptions = record.subscriptions;
      return;
    case "offsets-committed":
      commit(state, record.offsets);
      return;
    case "restored-group":
      state.assignment = { generation: record.generation, members: nobody };
      commit(state, record.offsets);
      return;
    default:
      record satisfies never;
  }
}

function commit(state: GroupState, offsets: readonly OffsetCommit[]): void {
  for (const { topic, partition, offset } of offsets) {
    let partitions = state.committed.get(topic);
    if (partitions === undefined) {
      partitions = new Map();
      state.committed.set(topic, partitions);
    }
    partitions.set(partition, offset);
  }
}
