/** Consumer groups: who is in them, who reads what, and how far they have read. */

import type { Assignment } from "../topic/commands.ts";
import { decideCommit } from "../topic/group/commit.ts";
import { decideJoin, decideLeave } from "../topic/group/membership.ts";
import { committedOffset, type GroupState } from "../topic/group/state.ts";
import type { CommitOffsetsRequest, Durable, JoinGroupRequest, MemberAssignment, Result } from "./api.ts";
import { type Core, storageFailed } from "./core.ts";
import type { Directory } from "./directory.ts";
import { refuseName } from "./names.ts";
import { type Change, inGroups } from "./state.ts";

type OnAssigned = JoinGroupRequest["onAssigned"];

export class Groups {
  readonly #core: Core;
  readonly #directory: Directory;
  /** Who is told of a new generation, by group and member. */
  readonly #members = new Map<number, Map<string, OnAssigned>>();

  constructor(core: Core, directory: Directory) {
    this.#core = core;
    this.#directory = directory;
  }

  async join(request: JoinGroupRequest): Promise<Result<{ readonly assignment: MemberAssignment }>> {
    const { group: name, member, onAssigned } = request;
    const refused = this.#core.refusal("new") ?? refuseName("member", member);
    if (refused !== undefined) return refused;
    const topics: number[] = [];
    for (const topic of request.topics) {
      const found = this.#directory.topic(topic, "use");
      if (!found.ok) return found;
      topics.push(found.state.number);
    }
    const found = this.#directory.group(name, "use");
    if (!found.ok) return found;
    const decided = decideJoin(found.state, { id: member, topics }, this.#core.state);
    if (!decided.ok) return decided;
    const members = this.#membersOf(found.state.number);
    members.set(member, onAssigned);
    const assignment = this.#named(decided.reply, member);
    return this.#begin(found.state, inGroups(decided.records), decided.reply, { ok: true, assignment });
  }

  async leave({
    group: name,
    member,
  }: {
    readonly group: string;
    readonly member: string;
  }): Promise<Result<object>> {
    const found = this.#directory.group(name, "look");
    if (!found.ok) return found;
    const refused = this.#core.refusal("finishing");
    if (refused !== undefined) return refused;
    const decided = decideLeave(found.state, member, this.#core.state);
    if (!decided.ok) return decided;
    this.#membersOf(found.state.number).delete(member);
    return this.#begin(found.state, inGroups(decided.records), decided.reply, { ok: true });
  }

  async commit({ group: name, generation, offsets: named }: CommitOffsetsRequest): Promise<Result<Durable>> {
    const found = this.#directory.group(name, "look");
    if (!found.ok) return found;
    const refused = this.#core.refusal("finishing");
    if (refused !== undefined) return refused;
    const offsets = [];
    for (const { topic, partition, offset } of named) {
      const of = this.#directory.topic(topic, "look");
      if (!of.ok) return of;
      offsets.push({ topic: of.state.number, partition, offset });
    }
    const decided = decideCommit(found.state, { generation, offsets }, this.#core.state);
    if (!decided.ok) return decided;
    const failed = await this.#core.commit(inGroups(decided.records));
    return failed ?? { ok: true, durability: this.#core.durability("synced") };
  }

  async committed(request: {
    readonly group: string;
    readonly topic: string;
    readonly partition: number;
  }): Promise<Result<{ readonly offset: number | undefined }>> {
    const { catalog } = this.#core.state;
    const group = this.#core.state.group(catalog.find("group", request.group)?.number ?? 0);
    const topic = catalog.find("topic", request.topic)?.number;
    const offset =
      group === undefined || topic === undefined
        ? undefined
        : committedOffset(group, topic, request.partition);
    const failed = await this.#core.commit([]);
    return failed ?? { ok: true, offset };
  }

  /** A generation is announced when it has settled: nobody may act in one that a restart could give out again. */
  #begin<Answer>(
    group: GroupState,
    changes: readonly Change[],
    assignment: Assignment,
    answer: { readonly ok: true } & Answer,
  ): Promise<Result<Answer>> {
    return new Promise((resolve) => {
      this.#core.commitThen(changes, (fault) => {
        if (fault !== undefined) return resolve(storageFailed(fault));
        for (const [member, onAssigned] of this.#membersOf(group.number)) {
          if (assignment.members.has(member)) onAssigned(this.#named(assignment, member));
        }
        resolve(answer);
      });
    });
  }

  #named({ generation, members }: Assignment, member: string): MemberAssignment {
    const { catalog } = this.#core.state;
    const partitions = (members.get(member) ?? []).map(({ topic, partition }) => ({
      topic: catalog.entry(topic)?.name ?? "",
      partition,
    }));
    return { generation, partitions };
  }

  #membersOf(group: number): Map<string, OnAssigned> {
    let members = this.#members.get(group);
    if (members === undefined) {
      members = new Map();
      this.#members.set(group, members);
    }
    return members;
  }
}
