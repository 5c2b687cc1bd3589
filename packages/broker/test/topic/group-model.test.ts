/**
 * Random joins, leaves, silences, releases, commits and restarts: what must hold of each generation however it came about, and that
 * one comes about. Said of the outcome, and not in the words of the rules.
 */
import { deepEqual, equal, ok } from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  type Assignment,
  decideCommit,
  decideGroupDue,
  decideHeartbeat,
  decideJoin,
  decideLeave,
  decideRelease,
  groupDueMs,
  type Rebalanced,
} from "../../src/topic/index.ts";
import { TopicWorld } from "./topic-world.ts";

const partitionCounts = new Map([
  [1, 1],
  [2, 3],
  [3, 5],
  [4, 5],
]);
const group = 9;
const patienceMsMax = 5_000;
const silenceMs = 6_000;

const member = fc.constantFrom("v", "w", "x", "y", "z");
const topics = fc.oneof(fc.constant([1, 2, 3, 4]), fc.subarray([1, 2, 3, 4]));
const command = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("join"),
      member,
      topics,
      rebalanceTimeoutMs: fc.constantFrom(0, 2_000, patienceMsMax),
      sessionTimeoutMs: fc.constantFrom(undefined, silenceMs),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("leave"), member }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("release"), member, half: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("heartbeat"), member }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant("commit"), member, behind: fc.constantFrom(0, 0, 1) }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("advance"), passedMs: fc.nat(3_000) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("restart"), checkpoint: fc.boolean() }) },
);
type Command = typeof command extends fc.Arbitrary<infer Value> ? Value : never;

interface Known {
  readonly topics: readonly number[];
  readonly patienceMs: number;
  readonly sessionTimeoutMs: number | undefined;
  heardMs: number;
}

const nameOf = ({ topic, partition }: { readonly topic: number; readonly partition: number }) =>
  `${topic}/${partition}`;

class Observer {
  world = new TopicWorld();
  /** Who is there, as one knows who watched the commands. */
  readonly members = new Map<string, Known>();
  /** What was asked of whom in this generation: by partition until when, or that it is released. */
  readonly asked = new Map<string, Map<string, number | "released">>();
  /** When the rebalance is over at the latest. */
  rebalanceDueMs = Infinity;
  generation = 0;
  owned: Assignment["members"] = new Map();

  constructor() {
    for (const [number, partitionCount] of partitionCounts)
      this.world.createTopic(number, { partitionCount });
    this.world.createGroup(group);
  }

  run(command: Command): void {
    const { world } = this;
    const state = world.theGroup(group);
    const { now } = world;
    switch (command.do) {
      case "join": {
        const { member: id, do: _, ...wanted } = command;
        const { topics, rebalanceTimeoutMs: patienceMs, sessionTimeoutMs } = wanted;
        this.asked.delete(id);
        this.members.set(id, { topics, patienceMs, sessionTimeoutMs, heardMs: now.monotonicMs });
        this.#see(this.#done(world.submit(decideJoin(state, { id, ...wanted }, now, world))));
        return;
      }
      case "leave": {
        const decided = decideLeave(state, command.member, now, world);
        equal(decided.ok, this.members.delete(command.member));
        this.asked.delete(command.member);
        if (decided.ok) this.#see(this.#done(world.submit(decided)));
        return;
      }
      case "release":
        this.#release(command.member, command.half);
        return;
      case "heartbeat": {
        const decided = decideHeartbeat(state, command.member, now);
        const known = this.members.get(command.member);
        equal(decided.ok, known !== undefined);
        if (known !== undefined) known.heardMs = now.monotonicMs;
        world.submit(decided);
        return;
      }
      case "commit":
        this.#commit(command.member, command.behind);
        return;
      case "advance":
        this.advance(command.passedMs);
        return;
      case "restart":
        this.world = command.checkpoint ? world.checkpointed() : world.restarted();
        this.members.clear();
        this.asked.clear();
        this.rebalanceDueMs = Infinity;
        this.owned = new Map();
        return;
      default:
        command satisfies never;
    }
  }

  /** As a broker's timer does it: each deadline when it comes. */
  advance(passedMs: number): void {
    const untilMs = this.world.monotonicMs + passedMs;
    for (let steps = 0; ; steps++) {
      ok(steps < 100, "time goes on: what was due has been done");
      const { world } = this;
      const dueMs = groupDueMs(world.theGroup(group));
      world.monotonicMs = Math.max(world.monotonicMs, Math.min(dueMs ?? untilMs, untilMs));
      if (dueMs === undefined || dueMs > untilMs) return;
      const decided = decideGroupDue(world.theGroup(group), world.now, world);
      const silent = [...this.members].filter(
        ([, { heardMs, sessionTimeoutMs = Infinity }]) => heardMs + sessionTimeoutMs <= world.monotonicMs,
      );
      deepEqual(
        decided.reply.dropped,
        silent.map(([id]) => id),
      );
      for (const id of decided.reply.dropped) {
        this.members.delete(id);
        this.asked.delete(id);
      }
      world.submit(decided);
      this.#see(decided.reply);
    }
  }

  #release(id: string, half: boolean): void {
    const { world } = this;
    const asked = [...(this.asked.get(id) ?? [])]
      .filter(([, state]) => state !== "released")
      .map(([name]) => name);
    const given = asked.slice(0, half ? Math.ceil(asked.length / 2) : asked.length);
    const partitions = given.map((name) => {
      const [topic = 0, partition = 0] = name.split("/").map(Number);
      return { topic, partition };
    });
    const release = { id, generation: this.generation, ...(half && { partitions }) };
    const decided = decideRelease(world.theGroup(group), release, world.now, world);
    equal(decided.ok, this.members.has(id));
    if (!decided.ok) return;
    for (const name of given) this.asked.get(id)?.set(name, "released");
    const known = this.members.get(id);
    if (known !== undefined && decided.records.length > 0) known.heardMs = world.monotonicMs;
    world.submit(decided);
    this.#see(decided.reply);
  }

  /** A member commits in the generation that it was assigned in, or in one before. */
  #commit(id: string, behind: number): void {
    const { world } = this;
    const place = this.owned.get(id)?.[0];
    if (place === undefined) return;
    const commit = { generation: this.generation - behind, offsets: [{ ...place, offset: 0 }] };
    const decided = decideCommit(world.theGroup(group), commit, world);
    equal(decided.ok, behind === 0, "whoever is in the present generation commits, and nobody else");
    world.submit(decided);
  }

  #done(reply: Rebalanced | { readonly refusal: string }): Rebalanced {
    ok(!("refusal" in reply));
    return reply;
  }

  #see({ begun, revoked }: Rebalanced): void {
    for (const { member, partitions, dueMs } of revoked) {
      this.rebalanceDueMs = Math.max(dueMs, this.rebalanceDueMs === Infinity ? 0 : this.rebalanceDueMs);
      const known = this.members.get(member);
      ok(known !== undefined && dueMs <= this.world.monotonicMs + known.patienceMs);
      const asked = this.asked.get(member) ?? new Map<string, number | "released">();
      for (const place of partitions) {
        ok(this.owned.get(member)?.some((one) => nameOf(one) === nameOf(place)));
        ok(!asked.has(nameOf(place)), "nothing is asked for twice");
        asked.set(nameOf(place), dueMs);
      }
      this.asked.set(member, asked);
    }
    if (begun === undefined) return;
    equal(begun.generation, this.generation + 1);
    deepEqual([...begun.members.keys()].sort(), [...this.members.keys()].sort());
    this.#checkShares(begun);
    this.#checkLosses(begun);
    this.generation = begun.generation;
    this.owned = begun.members;
    this.asked.clear();
    this.rebalanceDueMs = Infinity;
  }

  /** One owner for each partition that somebody wants; even, and alike where topics are alike. */
  #checkShares({ members }: Assignment): void {
    const shares = (topic: number) =>
      [...this.members.keys()]
        .filter((id) => this.members.get(id)?.topics.includes(topic))
        .map((id) => (members.get(id) ?? []).filter((one) => one.topic === topic));
    const owned = [...members.values()].flat().map(nameOf);
    equal(new Set(owned).size, owned.length, "at most one owner");
    for (const [topic, count] of partitionCounts) {
      const sizes = shares(topic).map((share) => share.length);
      equal(
        sizes.reduce((sum, size) => sum + size, 0),
        sizes.length === 0 ? 0 : count,
        "every partition has an owner who wants it",
      );
      ok(sizes.length === 0 || Math.max(...sizes) - Math.min(...sizes) <= 1, "even shares");
    }
    const both = [...this.members.values()].every(({ topics }) => topics.includes(3) === topics.includes(4));
    const numbers = (topic: number) => shares(topic).map((share) => share.map(({ partition }) => partition));
    if (both) deepEqual(numbers(3), numbers(4), "assigned alike");
    if ([...this.members.values()].every(({ topics }) => topics.length === 4)) {
      const loads = [...members.values()].map((share) => share.length);
      ok(
        Math.max(0, ...loads) - Math.min(...loads, Infinity) <= 2,
        "even in all: two topics are dealt as one",
      );
    }
  }

  /** Nobody loses what it still wants and holds, before it has released it or its time is over. */
  #checkLosses(begun: Assignment): void {
    for (const [id, known] of this.members) {
      if (known.patienceMs === 0) continue;
      for (const place of this.owned.get(id) ?? []) {
        if (!known.topics.includes(place.topic)) continue;
        if (begun.members.get(id)?.some((one) => nameOf(one) === nameOf(place))) continue;
        const state = this.asked.get(id)?.get(nameOf(place)) ?? this.rebalanceDueMs;
        ok(state === "released" || state <= this.world.monotonicMs, "revoked, and released or waited for");
      }
    }
  }
}

test("random memberships: each generation is sound, none is repeated, and one comes when the faults stop", () => {
  const property = fc.property(fc.array(command, { maxLength: 80, size: "max" }), (commands) => {
    const observer = new Observer();
    for (const command of commands) {
      observer.run(command);
      observer.world.audit();
    }
    // Whoever has fallen silent is dropped; then the rest comes to a generation.
    observer.advance(silenceMs);
    observer.advance(patienceMsMax);
    const state = observer.world.theGroup(group);
    equal(state.rebalance, undefined, "nobody is waited for any more");
    deepEqual([...state.assignment.members.keys()].sort(), [...observer.members.keys()].sort());
  });
  fc.assert(property, { numRuns: Number(process.env.RUNS ?? 300) });
});

test("as few partitions move as can", () => {
  const ids = fc.array(fc.constantFrom(..."abcdefgh"));
  const property = fc.property(fc.integer({ min: 1, max: 20 }), ids, (partitionCount, comesOrGoes) => {
    const world = new TopicWorld();
    world.createTopic(1, { partitionCount });
    world.createTopic(2, { partitionCount });
    world.createGroup(group);
    const timeouts = { rebalanceTimeoutMs: 0, sessionTimeoutMs: undefined };
    for (const id of comesOrGoes) {
      const state = world.theGroup(group);
      const before = state.assignment.members;
      if (state.members.has(id)) world.submit(decideLeave(state, id, world.now, world));
      else world.submit(decideJoin(state, { id, topics: [1, 2], ...timeouts }, world.now, world));
      const after = state.assignment.members;
      if (after.size === 0) continue;
      const numbersOf = (owned: Assignment["members"], member: string) =>
        (owned.get(member) ?? []).filter(({ topic }) => topic === 1).map(({ partition }) => partition);
      const had = [...after.keys()].map((member) => numbersOf(before, member).length).sort((a, b) => b - a);
      // The odd shares to those who have most: nobody can keep more than that in all.
      const quotas = had.map(
        (_, i) => Math.floor(partitionCount / after.size) + (i < partitionCount % after.size ? 1 : 0),
      );
      const most = had.reduce((sum, count, i) => sum + Math.min(count, quotas[i] ?? 0), 0);
      const kept = [...after.keys()].flatMap((member) =>
        numbersOf(after, member).filter((one) => numbersOf(before, member).includes(one)),
      );
      equal(kept.length, most);
    }
  });
  fc.assert(property, { numRuns: 300 });
});
