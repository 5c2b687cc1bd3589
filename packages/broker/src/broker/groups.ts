/** Consumer groups: who is in them, who reads what, and how far they have read. */
import type { Decided } from "../queue/decide/decision.ts";
import { refuse } from "../queue/refusals.ts";
import type { TopicPartition } from "../topic/commands.ts";
import { decideCommit } from "../topic/group/commit.ts";
import { decideGroupDue, groupDueMs } from "../topic/group/deadlines.ts";
import { rebalanceTimeoutMsDefault } from "../topic/group/limits.ts";
import { decideJoin, decideLeave } from "../topic/group/membership.ts";
import type { Rebalanced, Revoked } from "../topic/group/rebalance.ts";
import type { GroupFact } from "../topic/group/records.ts";
import { decideHeartbeat, decideRelease } from "../topic/group/release.ts";
import { committedOffset, type GroupState } from "../topic/group/state.ts";
import type {
  CommitOffsetsRequest,
  Durable,
  GroupDescription,
  GroupMemberRequest,
  JoinGroupRequest,
  MemberAssignment,
  NamedOffset,
  ReleasePartitionsRequest,
  Result,
} from "./api.ts";
import { type Core, storageFailed } from "./core.ts";
import type { Directory, Found } from "./directory.ts";
import { describeGroup } from "./group-description.ts";
import { GroupMembers, type Joined } from "./group-members.ts";
import { refuseName } from "./names.ts";
import { inGroups, inMemberships } from "./state.ts";
import type { Timetable } from "./timetable.ts";

export class Groups {
  readonly #core: Core;
  readonly #directory: Directory;
  readonly #timetable: Timetable;
  readonly #members = new GroupMembers();

  constructor(core: Core, directory: Directory, timetable: Timetable) {
    this.#core = core;
    this.#directory = directory;
    this.#timetable = timetable;
  }

  /** Ends the joins that wait. */
  close(): void {
    const detail = "The broker is shutting down and begins no more generations.";
    this.#members.refuseWaiting(refuse("shutting-down", detail));
  }

  async join(request: JoinGroupRequest): Promise<Joined> {
    const { group: name, member: id, sessionTimeoutMs, onRevoke } = request;
    const refused = this.#core.refusal("new") ?? refuseName("member", id);
    if (refused !== undefined) return refused;
    const topics: number[] = [];
    for (const topic of request.topics) {
      const found = this.#directory.topic(topic, "use");
      if (!found.ok) return found;
      topics.push(found.state.number);
    }
    const found = this.#directory.group(name, "use");
    if (!found.ok) return found;
    const { rebalanceTimeoutMs = rebalanceTimeoutMsDefault } = request;
    // Who cannot be told of a revoke will not release: there is nothing to wait for.
    const timeouts = {
      rebalanceTimeoutMs: onRevoke === undefined ? 0 : rebalanceTimeoutMs,
      sessionTimeoutMs,
    };
    const decided = decideJoin(found.state, { id, topics, ...timeouts }, this.#core.now(), this.#core.state);
    if (!decided.ok) return decided;
    const joined = this.#members.join(found.state.number, request);
    const failed = await this.#carryOut(found.state, decided);
    return failed ?? joined;
  }

  async leave({ group: name, member }: GroupMemberRequest): Promise<Result<object>> {
    const found = this.#find(name);
    if (!found.ok) return found;
    const decided = decideLeave(found.state, member, this.#core.now(), this.#core.state);
    if (!decided.ok) return decided;
    this.#members.leave(found.state.number, member);
    return (await this.#carryOut(found.state, decided)) ?? { ok: true };
  }

  async release(request: ReleasePartitionsRequest): Promise<Result<object>> {
    const { group: name, member: id, generation, partitions: named } = request;
    const found = this.#find(name);
    if (!found.ok) return found;
    const partitions = named === undefined ? undefined : this.#numbered(named);
    if (partitions?.ok === false) return partitions;
    const release = { id, generation, ...(partitions && { partitions: partitions.places }) };
    const decided = decideRelease(found.state, release, this.#core.now(), this.#core.state);
    if (!decided.ok) return decided;
    return (await this.#carryOut(found.state, decided)) ?? { ok: true };
  }

  async heartbeat({ group: name, member }: GroupMemberRequest): Promise<Result<object>> {
    const found = this.#find(name);
    if (!found.ok) return found;
    const decided = decideHeartbeat(found.state, member, this.#core.now());
    if (!decided.ok) return decided;
    this.#core.applyUnwritten(inMemberships(decided.records));
    return { ok: true };
  }

  async describe(name: string): Promise<Result<{ readonly description: GroupDescription }>> {
    const found = this.#find(name);
    if (!found.ok) return found;
    const description = describeGroup(name, found.state, this.#core.state);
    return (await this.#core.commit([])) ?? { ok: true, description };
  }

  async commit({ group: name, generation, offsets: named }: CommitOffsetsRequest): Promise<Result<Durable>> {
    const found = this.#find(name);
    if (!found.ok) return found;
    const offsets = this.#numbered(named);
    if (!offsets.ok) return offsets;
    const decided = decideCommit(found.state, { generation, offsets: offsets.places }, this.#core.state);
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

  /** Does what is due in that group; nothing when the number is not a group's. */
  due(number: number): void {
    const group = this.#core.state.group(number);
    if (group === undefined) return;
    const refused = this.#core.refusal("finishing");
    if (refused !== undefined) {
      this.#members.refuseWaiting(refused);
      return;
    }
    const decided = decideGroupDue(group, this.#core.now(), this.#core.state);
    for (const member of decided.reply.dropped) {
      this.#core.log.info({ group: this.#name(number), member }, "dropped a member that fell silent");
      this.#members.leave(number, member)?.request.onDropped?.();
    }
    void this.#carryOut(group, decided);
  }

  /** A group that is there, for what may be asked of it also while the broker drains. */
  #find(name: string): Found<GroupState> {
    const found = this.#directory.group(name, "look");
    if (!found.ok) return found;
    return this.#core.refusal("finishing") ?? found;
  }

  /**
   * Resolves when what was decided has settled. Generations and revokes are announced then, and not before: nobody may act in a
   * generation that a restart could give out again.
   */
  #carryOut(
    group: GroupState,
    { records, reply }: Decided<GroupFact, Rebalanced>,
  ): Promise<ReturnType<typeof storageFailed> | undefined> {
    this.#core.applyUnwritten(inMemberships(records));
    const { generation: present } = group.assignment;
    return new Promise((resolve) => {
      // Those who join from now on are not in this generation, nor do they wait for it.
      const told = reply.begun === undefined ? [] : this.#waitersOf(group);
      this.#core.commitThen(inGroups(records), (fault) => {
        if (fault !== undefined) {
          for (const { waiters } of told) for (const answer of waiters) answer(storageFailed(fault));
          return resolve(storageFailed(fault));
        }
        if (reply.begun !== undefined) {
          const { generation, members } = reply.begun;
          for (const { listener, waiters } of told) {
            const { request } = listener;
            const assignment = this.#named(generation, members.get(request.member));
            const isThere = this.#members.find(group.number, request.member) === listener;
            if (isThere) request.onAssigned(assignment);
            for (const answer of waiters) answer({ ok: true, assignment });
          }
        }
        for (const revoked of reply.revoked) this.#announceRevoke(group, revoked, present);
        resolve(undefined);
      });
      this.#timetable.note(group.number, groupDueMs(group));
    });
  }

  #waitersOf({ number }: GroupState) {
    return this.#members.of(number).map((listener) => ({ listener, waiters: listener.waiting.splice(0) }));
  }

  /** A revoke that has been overtaken by the next generation is told by that. */
  #announceRevoke(group: GroupState, { member, partitions, dueMs }: Revoked, generation: number): void {
    if (group.assignment.generation !== generation) return;
    const deadlineMs = Math.max(0, dueMs - this.#core.now().monotonicMs);
    const onRevoke = this.#members.find(group.number, member)?.request.onRevoke;
    onRevoke?.({ ...this.#named(generation, partitions), deadlineMs });
  }

  #named(generation: number, places: readonly TopicPartition[] = []): MemberAssignment {
    const partitions = places.map(({ topic, partition }) => ({ topic: this.#name(topic), partition }));
    return { generation, partitions };
  }

  #numbered<Named extends Omit<NamedOffset, "offset">>(named: readonly Named[]) {
    const places: (Omit<Named, "topic"> & { readonly topic: number })[] = [];
    for (const one of named) {
      const of = this.#directory.topic(one.topic, "look");
      if (!of.ok) return of;
      places.push({ ...one, topic: of.state.number });
    }
    return { ok: true, places } as const;
  }

  #name(number: number): string {
    return this.#core.state.catalog.entry(number)?.name ?? "";
  }
}
