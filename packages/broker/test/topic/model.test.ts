/**
 * Random commands to topics and a group, and to a model of them that is a few lists. After each command both must hold the same and
 * have answered the same, and the fold of the journal must be the state. Restarts come in between.
 */
import { deepEqual, equal, ok } from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  decideCommit,
  decideJoin,
  decideLeave,
  decidePublish,
  decideTransaction,
  lag,
  partitionOfText,
  type Transaction,
} from "../../src/topic/index.ts";
import { outgoing, TopicWorld } from "./topic-world.ts";

const partitionCounts = new Map([
  [1, 1],
  [2, 3],
]);
const group = 9;

const topic = fc.constantFrom(1, 2);
const texts = fc.array(fc.constantFrom("a", "b", "abc:c", "21:d", "foobar:e"), { maxLength: 4 });
const member = fc.constantFrom("x", "y", "z");
/** How far beside the present generation or offset a command means to be. */
const beside = fc.constantFrom(0, 0, 0, 0, -1, 1);
const place = { topic: fc.constantFrom(1, 2, 2, 3), partition: fc.constantFrom(0, 0, 1, 2, 3) };

const command = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant("publish"), topic, texts }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("join"), member, topics: fc.subarray([1, 2]) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("leave"), member }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant("commit"), generation: beside, ...place, offset: fc.nat(6) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("transact"),
      publishes: fc.array(fc.record({ topic: fc.constantFrom(1, 1, 2, 2, 3), texts }), { maxLength: 3 }),
      commit: fc.option(fc.record({ generation: beside, ...place, offset: fc.nat(6) })),
      fence: fc.option(fc.record({ generation: beside, ...place, offset: beside })),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("archive"), topic, partition: fc.nat(2), bytes: fc.nat(60) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("restart"), checkpoint: fc.boolean() }) },
);
type Command = typeof command extends fc.Arbitrary<infer Value> ? Value : never;
type Place = { readonly topic: number; readonly partition: number };

/** The logs as lists of texts, the group as a map from member to topics. */
class Model {
  readonly logs = new Map(
    [...partitionCounts].map(([number, count]) => [
      number,
      Array.from({ length: count }, (): string[] => []),
    ]),
  );
  readonly turns = new Map([...partitionCounts.keys()].map((number) => [number, 0]));
  generation = 0;
  members = new Map<string, readonly number[]>();
  readonly committed = new Map<string, number>();

  log({ topic, partition }: Place): string[] | undefined {
    return this.logs.get(topic)?.[partition];
  }

  publish(topic: number, list: readonly string[]): void {
    for (const text of list) {
      const count = partitionCounts.get(topic) ?? 1;
      const [, key] = text.split(":").reverse();
      const turn = this.turns.get(topic) ?? 0;
      if (key === undefined) this.turns.set(topic, (turn + 1) % count);
      this.log({ topic, partition: key === undefined ? turn : partitionOfText(key, count) })?.push(text);
    }
  }

  /** Who may be given the partitions of the topic. */
  readers(topic: number): string[] {
    return [...this.members].filter(([, topics]) => topics.includes(topic)).map(([id]) => id);
  }

  refuseCommit(generation: number, place: Place & { readonly offset: number }): string | undefined {
    if (generation !== this.generation || this.members.size === 0) return "stale-generation";
    if (!this.logs.has(place.topic)) return "unknown-topic";
    const log = this.log(place);
    if (log === undefined) return "unknown-partition";
    return place.offset > log.length ? "offset-out-of-range" : undefined;
  }

  refuseFence(generation: number, place: Place, expectedOffset: number): string | undefined {
    if (generation !== this.generation || this.members.size === 0) return "stale-generation";
    if (!this.logs.has(place.topic)) return "unknown-topic";
    const log = this.log(place);
    if (log === undefined) return "unknown-partition";
    if (this.readers(place.topic).length === 0) return "stale-generation";
    return expectedOffset === log.length ? undefined : "unexpected-offset";
  }
}

class Pair {
  world = new TopicWorld();
  readonly model = new Model();

  constructor() {
    for (const [number, partitionCount] of partitionCounts)
      this.world.createTopic(number, { partitionCount });
    this.world.createGroup(group);
  }

  run(command: Command): void {
    const { world, model } = this;
    const state = world.theGroup(group);
    switch (command.do) {
      case "publish": {
        const decided = decidePublish(
          world.theTopic(command.topic),
          { records: command.texts.map(outgoing) },
          world.now,
        );
        world.submit(decided);
        model.publish(command.topic, command.texts);
        return;
      }
      case "join":
        world.submit(
          decideJoin(
            state,
            {
              id: command.member,
              topics: command.topics,
              rebalanceTimeoutMs: 0,
              sessionTimeoutMs: undefined,
            },
            world.now,
            world,
          ),
        );
        model.members.set(command.member, command.topics);
        model.generation++;
        this.#compareAssignment();
        return;
      case "leave": {
        const decided = decideLeave(state, command.member, world.now, world);
        equal(decided.ok, model.members.delete(command.member));
        if (decided.ok) model.generation++;
        world.submit(decided);
        this.#compareAssignment();
        return;
      }
      case "commit": {
        const { topic, partition, offset } = command;
        const generation = model.generation + command.generation;
        const decided = decideCommit(state, { generation, offsets: [{ topic, partition, offset }] }, world);
        equal(decided.ok ? undefined : decided.refusal, model.refuseCommit(generation, command));
        if (decided.ok) model.committed.set(`${topic}/${partition}`, offset);
        world.submit(decided);
        return;
      }
      case "transact":
        this.#transact(command);
        return;
      case "archive":
        // Where records lie is nothing that the model knows of.
        world.archive(command.topic, command.partition, command.bytes);
        return;
      case "restart":
        this.world = command.checkpoint ? world.checkpointed() : world.restarted();
        model.members = new Map();
        return;
      default:
        command satisfies never;
    }
  }

  compare(): void {
    const { world, model } = this;
    world.audit();
    equal(world.theGroup(group).assignment.generation, model.generation);
    for (const [number, logs] of model.logs) {
      const topic = world.theTopic(number);
      for (const [partition, log] of logs.entries()) {
        const records = world.read(number, { partition, offset: 0, recordsMax: 1000, bytesMax: 1e6 });
        const told =
          typeof records === "string" ? records : records.map((kept) => [kept.offset, kept.key, kept.body]);
        const expected = log.map(outgoing).map(({ key, body }, offset) => [offset, key, body]);
        deepEqual(told, expected);
      }
      const unread = logs.map(
        (log, partition) => log.length - (model.committed.get(`${number}/${partition}`) ?? 0),
      );
      equal(
        lag(world.theGroup(group), topic),
        unread.reduce((sum, one) => sum + one, 0),
      );
    }
  }

  #transact({ publishes, commit, fence }: Extract<Command, { readonly do: "transact" }>): void {
    const { world, model } = this;
    const commitGeneration = model.generation + (commit?.generation ?? 0);
    const fenceGeneration = model.generation + (fence?.generation ?? 0);
    const end = fence === null ? 0 : (model.log(fence)?.length ?? 0);
    const expectedOffset = end + (fence?.offset ?? 0);
    const transaction: Transaction = {
      publishes: publishes.map(({ topic, texts }) => ({ topic, records: texts.map(outgoing) })),
      ...(commit && { commit: { group, generation: commitGeneration, offsets: [commit] } }),
      ...(fence && { fence: { ...fence, group, generation: fenceGeneration, expectedOffset } }),
    };
    const refused =
      (fence && model.refuseFence(fenceGeneration, fence, expectedOffset)) ??
      (publishes.some(({ topic }) => !model.logs.has(topic)) ? "unknown-topic" : undefined) ??
      (commit && model.refuseCommit(commitGeneration, commit)) ??
      undefined;
    const decided = decideTransaction(transaction, world.now, world);
    equal(decided.ok ? undefined : decided.refusal, refused);
    if (!decided.ok) return;
    world.append([...decided.topics, ...decided.groups]);
    for (const { topic, texts } of publishes) model.publish(topic, texts);
    if (commit) model.committed.set(`${commit.topic}/${commit.partition}`, commit.offset);
  }

  #compareAssignment(): void {
    const { members } = this.world.theGroup(group).assignment;
    deepEqual([...members.keys()], [...this.model.members.keys()].sort());
    for (const [topic, count] of partitionCounts) {
      for (let partition = 0; partition < count; partition++) {
        const owners = [...members].filter(([, owned]) =>
          owned.some((one) => one.topic === topic && one.partition === partition),
        );
        const readers = this.model.readers(topic);
        equal(owners.length, readers.length === 0 ? 0 : 1);
        for (const [id] of owners) ok(readers.includes(id));
      }
    }
  }
}

test("random commands: the rules do what the model does, and recovery is the fold of the records", () => {
  const property = fc.property(fc.array(command, { maxLength: 60, size: "max" }), (commands) => {
    const pair = new Pair();
    for (const command of commands) {
      pair.run(command);
      pair.compare();
    }
  });
  fc.assert(property, { numRuns: Number(process.env.RUNS ?? 200) });
});
