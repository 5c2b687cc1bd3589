/** The only place where a consumer group changes, live and in recovery. */
import type { OffsetCommit } from "../commands.ts";
import type { GroupFact } from "./records.ts";
import { type GroupState, nobody } from "./state.ts";

export function applyToGroup(state: GroupState, fact: GroupFact): void {
  switch (fact.kind) {
    case "generation-begun":
      // A generation never goes back, whatever was damaged: a number that was used once must not be used again.
      if (fact.assignment.generation <= state.assignment.generation) return;
      state.assignment = fact.assignment;
      state.rebalance = undefined;
      return;
    case "offsets-committed":
      commit(state, fact.offsets);
      return;
    case "restored-group":
      state.assignment = { generation: fact.generation, members: nobody };
      commit(state, fact.offsets);
      return;
    case "membership-changed":
      state.members = fact.members;
      state.rebalance = fact.rebalance;
      return;
    case "member-heard": {
      const member = state.members.get(fact.id);
      if (member === undefined) return;
      state.members = new Map(state.members).set(fact.id, { ...member, heardMs: fact.heardMs });
      return;
    }
    default:
      fact satisfies never;
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
