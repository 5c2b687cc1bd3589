/** The part of the conformance suite about transactions: all or nothing, in call order, and only for the owner. */
import { deepEqual, equal } from "node:assert/strict";
import test from "node:test";
import type { Engine, EngineMembership, EngineTransaction } from "../engine.ts";
import { AssignmentProbe, pack, readUntilEnd, rejectsWith, textOf } from "./conformance-probe.ts";

/** A group `g` that owns the only partition of `log`, and topics beside it, of which `in` holds ten records. */
async function openOwner(engine: Engine): Promise<{ generation: number; membership: EngineMembership }> {
  for (const topic of ["log", "out", "in"]) await engine.createTopic(topic, 1);
  await engine.publish(Array.from({ length: 10 }, (_, i) => pack("in", "k", `${i}`)));
  const probe = new AssignmentProbe();
  const membership = await engine.join("g", ["log", "in"], probe.assigned);
  return { generation: probe.newest.generation, membership };
}

const fence = (generation: number, expectedOffset: number): NonNullable<EngineTransaction["fence"]> => ({
  group: "g",
  generation,
  topic: "log",
  partition: 0,
  expectedOffset,
});

const commit = (generation: number, offset: number): NonNullable<EngineTransaction["commit"]> => ({
  group: "g",
  generation,
  topic: "in",
  partition: 0,
  offset,
});

async function everything(engine: Engine): Promise<object> {
  const log = (await readUntilEnd(engine, "log", 0)).map(textOf);
  const out = (await readUntilEnd(engine, "out", 0)).map(textOf);
  return { log, out, committed: await engine.committedOffset("g", "in", 0) };
}

export function transactionConformance(name: string, open: () => Promise<Engine>): void {
  test(`${name}: a transaction writes to several topics and commits an offset at once`, async () => {
    await using engine = await open();
    const { generation } = await openOwner(engine);
    const { places } = await engine.transact({
      publishes: [pack("log", "k", "r0"), pack("out", "k", "e0"), pack("log", "k", "r1")],
      commit: commit(generation, 7),
      fence: fence(generation, 0),
    });
    deepEqual(places, [
      { topic: "log", partition: 0, offset: 0 },
      { topic: "out", partition: 0, offset: 0 },
      { topic: "log", partition: 0, offset: 1 },
    ]);
    deepEqual(await everything(engine), { log: ["r0", "r1"], out: ["e0"], committed: 7 });
  });

  test(`${name}: a transaction may be an offset commit alone`, async () => {
    await using engine = await open();
    const { generation } = await openOwner(engine);
    const { places } = await engine.transact({
      publishes: [],
      commit: commit(generation, 3),
      fence: fence(generation, 0),
    });
    deepEqual(places, []);
    deepEqual(await everything(engine), { log: [], out: [], committed: 3 });
  });

  test(`${name}: transactions that do not wait for each other land in the order of the calls`, async () => {
    await using engine = await open();
    const { generation } = await openOwner(engine);
    const answers: number[] = [];
    await Promise.all(
      Array.from({ length: 50 }, async (_, i) => {
        await engine.transact({ publishes: [pack("log", "k", `${i}`)], fence: fence(generation, i) });
        answers.push(i);
      }),
    );
    const inOrder = Array.from({ length: 50 }, (_, i) => i);
    deepEqual((await readUntilEnd(engine, "log", 0)).map(textOf), inOrder.map(String));
    deepEqual(answers, inOrder, "and are answered in that order");
  });

  test(`${name}: a transaction that expects another offset is refused whole`, async () => {
    await using engine = await open();
    const { generation } = await openOwner(engine);
    await engine.transact({ publishes: [pack("log", "k", "r0")], fence: fence(generation, 0) });
    for (const wrong of [0, 2]) {
      const late = engine.transact({
        publishes: [pack("log", "k", "no"), pack("out", "k", "no")],
        commit: commit(generation, 9),
        fence: fence(generation, wrong),
      });
      await rejectsWith("unexpected-offset", late);
    }
    deepEqual(await everything(engine), { log: ["r0"], out: [], committed: undefined });
  });

  test(`${name}: when one is refused, those sent behind it are refused as well`, async () => {
    await using engine = await open();
    const { generation } = await openOwner(engine);
    const sent = [0, 2, 3].map((expected, i) =>
      engine.transact({ publishes: [pack("log", "k", `${i}`)], fence: fence(generation, expected) }),
    );
    const outcomes = await Promise.allSettled(sent);
    deepEqual(
      outcomes.map(({ status }) => status),
      ["fulfilled", "rejected", "rejected"],
    );
    deepEqual((await readUntilEnd(engine, "log", 0)).map(textOf), ["0"]);
  });

  test(`${name}: the owner of an older generation is refused whole, the new one is not`, async () => {
    await using engine = await open();
    const old = await openOwner(engine);
    await old.membership[Symbol.asyncDispose]();
    const probe = new AssignmentProbe();
    await engine.join("g", ["log", "in"], probe.assigned);
    const { generation } = probe.newest;
    const zombie = engine.transact({
      publishes: [pack("log", "k", "zombie"), pack("out", "k", "zombie")],
      fence: fence(old.generation, 0),
    });
    await rejectsWith("stale-generation", zombie);
    await rejectsWith(
      "stale-generation",
      engine.transact({ publishes: [], commit: commit(old.generation, 9) }),
    );
    await rejectsWith(
      "stale-generation",
      engine.transact({ publishes: [], commit: commit(generation + 1, 9) }),
    );
    deepEqual(await everything(engine), { log: [], out: [], committed: undefined });
    await engine.transact({ publishes: [pack("log", "k", "owner")], fence: fence(generation, 0) });
    deepEqual(await everything(engine), { log: ["owner"], out: [], committed: undefined });
  });

  test(`${name}: 4 MiB fit into a transaction; more are refused whole`, async () => {
    await using engine = await open();
    await openOwner(engine);
    const kibibytes = (count: number) => pack("out", "k", "x".repeat(count * 1024 - 1));
    const most = [1000, 1000, 1000, 1000, 96].map(kibibytes);
    await rejectsWith(
      "transaction-too-large",
      engine.transact({ publishes: [...most, pack("out", "k", "x")] }),
    );
    equal(await engine.endOffset("out", 0), 0);
    await engine.transact({ publishes: most });
    equal(await engine.endOffset("out", 0), most.length);
  });
}
