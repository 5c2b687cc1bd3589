/** The part of the conformance suite about consumer groups: who reads what, and how far it has been read. */
import { deepEqual, equal, ok } from "node:assert/strict";
import test from "node:test";
import type { Engine } from "../engine.ts";
import { AssignmentProbe, pack, rejectsWith } from "./conformance-probe.ts";

const all = (topic: string, partitionCount: number): string[] =>
  Array.from({ length: partitionCount }, (_, partition) => `${topic}/${partition}`);

/** The topic `a` with ten records in each of two partitions. */
async function createRead(engine: Engine): Promise<void> {
  await engine.createTopic("a", 2);
  await engine.publish(Array.from({ length: 20 }, (_, i) => pack("a", undefined, `${i}`)));
}

export function groupConformance(name: string, open: () => Promise<Engine>): void {
  test(`${name}: a lone member has every partition when its joining resolves`, async () => {
    await using engine = await open();
    await engine.createTopic("a", 3);
    await engine.createTopic("b", 2);
    const probe = new AssignmentProbe();
    await engine.join("g", ["a", "b"], probe.assigned);
    deepEqual(probe.places, [...all("a", 3), ...all("b", 2)]);
  });

  test(`${name}: two members share the partitions under a new generation; topics alike in number are shared alike`, async () => {
    await using engine = await open();
    await engine.createTopic("a", 5);
    await engine.createTopic("b", 5);
    const [first, second] = [new AssignmentProbe(), new AssignmentProbe()];
    await engine.join("g", ["a", "b"], first.assigned);
    const before = first.newest.generation;
    const membership = await engine.join("g", ["a", "b"], second.assigned);
    await first.until(({ generation }) => generation === second.newest.generation);
    ok(second.newest.generation > before);
    deepEqual([...first.places, ...second.places].sort(), [...all("a", 5), ...all("b", 5)]);
    for (const { places } of [first, second]) {
      ok(places.length >= 4, "neither has next to nothing");
      const of = (topic: string) =>
        places.filter((place) => place.startsWith(topic)).map((place) => place.slice(2));
      deepEqual(of("a"), of("b"));
    }
    const shared = first.newest.generation;
    await membership[Symbol.asyncDispose]();
    await first.until(({ generation }) => generation > shared);
    deepEqual(first.places, [...all("a", 5), ...all("b", 5)], "who stays has everything again");
  });

  test(`${name}: groups do not know each other`, async () => {
    await using engine = await open();
    await createRead(engine);
    const [one, other] = [new AssignmentProbe(), new AssignmentProbe()];
    const membership = await engine.join("one", ["a"], one.assigned);
    await engine.join("other", ["a"], other.assigned);
    deepEqual([one.places, other.places], [all("a", 2), all("a", 2)]);
    await membership.commit(one.newest.generation, { topic: "a", partition: 0, offset: 1 });
    equal(await engine.committedOffset("other", "a", 0), undefined);
  });

  test(`${name}: a generation is not given twice, also when nobody was left in between`, async () => {
    await using engine = await open();
    await engine.createTopic("a", 1);
    const generations: number[] = [];
    for (let round = 0; round < 3; round++) {
      const probe = new AssignmentProbe();
      const membership = await engine.join("g", ["a"], probe.assigned);
      generations.push(probe.newest.generation);
      await membership[Symbol.asyncDispose]();
    }
    equal(new Set(generations).size, 3);
    deepEqual(
      generations,
      generations.toSorted((a, b) => a - b),
    );
  });

  test(`${name}: what a member commits is where the next one begins`, async () => {
    await using engine = await open();
    await createRead(engine);
    const probe = new AssignmentProbe();
    const membership = await engine.join("g", ["a"], probe.assigned);
    equal(await engine.committedOffset("g", "a", 0), undefined);
    await membership.commit(probe.newest.generation, { topic: "a", partition: 0, offset: 5 });
    await membership.commit(probe.newest.generation, { topic: "a", partition: 0, offset: 6 });
    await membership[Symbol.asyncDispose]();
    equal(await engine.committedOffset("g", "a", 0), 6);
    equal(await engine.committedOffset("g", "a", 1), undefined);
  });

  test(`${name}: a member of an older generation cannot commit`, async () => {
    await using engine = await open();
    await createRead(engine);
    const [first, second] = [new AssignmentProbe(), new AssignmentProbe()];
    const membership = await engine.join("g", ["a"], first.assigned);
    const old = first.newest.generation;
    await engine.join("g", ["a"], second.assigned);
    await rejectsWith("stale-generation", membership.commit(old, { topic: "a", partition: 0, offset: 5 }));
    equal(await engine.committedOffset("g", "a", 0), undefined);
  });
}
