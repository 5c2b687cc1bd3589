/** Partitions that go from one member to another, over the broker: what is under way is finished first, and nothing is done twice. */
import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import test from "node:test";
import { Broker } from "@sluice/broker";
import { MemoryJournal } from "@sluice/broker/journal";
import { count, countAsked, counted, counterRules, openCounters, valueIn, wentUp } from "../test/counters.ts";
import { createWorld, order, orderPlaced } from "../test/world.ts";
import type { EngineRevoke } from "./engine.ts";
import { BrokerEngine } from "./engines/broker.ts";
import { FaultyEngine } from "./engines/faulty.ts";
import { partitionOf } from "./engines/partition.ts";
import { on } from "./handler.ts";

const place = ({ topic, partition }: { readonly topic: string; readonly partition: number }) =>
  `${topic}/${partition}`;

/** A broker in virtual time, and buses over it as several processes have them. */
async function createCity() {
  const { clock, random, ...world } = createWorld();
  const broker = await Broker.open({ journal: new MemoryJournal(), clock, random });
  const engine = BrokerEngine.open({ broker, clock, random, durability: "memory" });
  const topics = [orderPlaced, counted, wentUp, countAsked].map(({ topic }) => topic);
  const partitionCounts = new Map(topics.map((topic) => [topic, 2]));
  const bus = (options = {}) => world.bus({ engine, partitionCounts, ...options });
  const generation = async (group: string): Promise<number> => {
    const described = await broker.describeGroup(group);
    ok(described.ok);
    return described.description.generation;
  };
  return { ...world, clock, random, broker, engine, bus, generation };
}

/** Keys whose records lie in partition 0 and in partition 1 of two. */
const [keyOf0, keyOf1] = [0, 1].map(
  (partition) => "abcdefgh".split("").find((key) => partitionOf(key, 2) === partition) ?? "",
) as [string, string];

test("the engine: whoever joins waits until what it gets has been finished", async () => {
  const { engine, clock } = await createCity();
  await engine.createTopic("t", 2);
  const asked: EngineRevoke[] = [];
  const finished = Promise.withResolvers<void>();
  await engine.join(
    "g",
    ["t"],
    () => {},
    (revoke) => {
      asked.push(revoke);
      return finished.promise;
    },
  );
  let joined = false;
  const joining = engine.join("g", ["t"], ({ partitions }) => {
    joined = true;
    deepEqual(partitions.map(place), ["t/1"]);
  });
  await clock.advance(9_000);
  deepEqual(
    [asked.map(({ generation, deadlineMs }) => [generation, deadlineMs]), joined],
    [[[1, 10_000]], false],
  );
  deepEqual(
    asked.flatMap(({ partitions }) => partitions.map(place)),
    ["t/1"],
  );
  finished.resolve();
  await joining;
  ok(joined);
});

test("the engine: who fails to finish has nothing more to finish", async () => {
  const { engine } = await createCity();
  await engine.createTopic("t", 2);
  await engine.join(
    "g",
    ["t"],
    () => {},
    () => Promise.reject(new Error("no")),
  );
  await engine.join("g", ["t"], () => {});
});

/** One member at work on an event of each partition, held up in both; a second that joins. */
async function handover() {
  const city = await createCity();
  const heard: string[] = [];
  const gates = new Map([keyOf0, keyOf1].map((key) => [key, Promise.withResolvers<void>()]));
  const subscribe = async (name: string) => {
    const bus = await city.bus();
    return bus.subscribe({
      group: "g",
      handlers: [
        on(orderPlaced, async ({ data }, { signal }) => {
          heard.push(`${name} begins ${data.orderId}`);
          signal.addEventListener("abort", () => heard.push(`${name} hurries with ${data.orderId}`));
          await gates.get(data.customer)?.promise;
          heard.push(`${name} did ${data.orderId}`);
        }),
      ],
    });
  };
  const first = await subscribe("one");
  const feed = await city.bus();
  for (const round of [1, 2]) {
    for (const key of [keyOf0, keyOf1]) await feed.publish(orderPlaced, order(`${key}${round}`, key));
  }
  await city.clock.advance(0);
  deepEqual(heard.splice(0), [`one begins ${keyOf0}1`, `one begins ${keyOf1}1`]);
  let joined = false;
  void subscribe("two").then(() => {
    joined = true;
  });
  await city.clock.advance(0);
  const news = () => heard.splice(0);
  return { ...city, first, gates, news, hasJoined: () => joined };
}

test("a consumer finishes the event that it is at and commits it; the next owner goes on behind it", async () => {
  const { clock, engine, gates, news, hasJoined } = await handover();
  await clock.advance(5_000);
  deepEqual([news(), hasJoined()], [[], false], "the handler has its time");
  gates.get(keyOf1)?.resolve();
  await clock.advance(0);
  deepEqual(news(), [`one did ${keyOf1}1`, `two begins ${keyOf1}2`, `two did ${keyOf1}2`]);
  ok(hasJoined());
  equal(await engine.committedOffset("g", orderPlaced.topic, 1), 2);
  gates.get(keyOf0)?.resolve();
  await clock.advance(0);
  deepEqual(
    news(),
    [`one did ${keyOf0}1`, `one begins ${keyOf0}2`, `one did ${keyOf0}2`],
    "what stays goes on",
  );
});

test("a handler that is not done at the deadline is asked to hurry, and its event comes again", async () => {
  const { clock, engine, gates, news, hasJoined } = await handover();
  await clock.advance(10_000);
  deepEqual(news(), [`one hurries with ${keyOf1}1`, `two begins ${keyOf1}1`]);
  ok(hasJoined());
  gates.get(keyOf1)?.resolve();
  await clock.advance(0);
  deepEqual(news().slice(0, 2), [`one did ${keyOf1}1`, `two did ${keyOf1}1`]);
  equal(await engine.committedOffset("g", orderPlaced.topic, 1), 2);
});

test("a member that ends while it finishes does not keep the others waiting for it", async () => {
  const { clock, first, gates, news, hasJoined } = await handover();
  const ending = first[Symbol.asyncDispose]();
  await clock.advance(0);
  deepEqual(news().sort(), [`one hurries with ${keyOf0}1`, `one hurries with ${keyOf1}1`].sort());
  for (const gate of gates.values()) gate.resolve();
  await ending;
  await clock.advance(0);
  ok(hasJoined());
  ok(
    news().every((line) => !line.startsWith("two begins") || line.endsWith("2")),
    "no event came twice",
  );
});

test("a sourced state answers what it took before the partition goes, and the next owner has it all", async () => {
  const city = await createCity();
  const { clock, random, engine } = city;
  const slow = FaultyEngine.over({ engine, clock, random, fateOf: () => "works", delayMsMax: 50 });
  const own = await city.bus({ engine: slow });
  const folded: number[] = [];
  const initial = (partition: number) => {
    folded.push(partition);
    return counterRules.initial(partition);
  };
  const opening = openCounters(own, { rules: { ...counterRules, initial } });
  await clock.advance(1_000);
  const one = await opening;
  const answers = Promise.all([1, 2, 3].map((by) => one.submit(keyOf1, count(keyOf1, by))));
  let two: Awaited<ReturnType<typeof openCounters>> | undefined;
  void city.bus().then(async (bus) => {
    two = await openCounters(bus);
  });
  await clock.advance(1_000);
  ok(two !== undefined);
  deepEqual(
    (await answers).map(({ reply }) => reply),
    [1, 3, 6],
  );
  await rejects(one.submit(keyOf1, count(keyOf1)), { code: "state-unavailable" });
  equal(await two.read(keyOf1, valueIn(keyOf1)), 6);
  deepEqual([one.readiness().ready, two.readiness().ready], [true, true]);
  equal(await city.generation("counters"), 2);
  deepEqual(folded, [0, 1], "what stays was not folded again");
  const answer = one.submit(keyOf0, count(keyOf0));
  await clock.advance(1_000);
  deepEqual(await answer, { reply: 1, durability: "memory" }, "and is written in the new generation");
});

test("who missed a generation folds anew: somebody else may have written in it", async () => {
  const { clock, random, engine, bus } = await createCity();
  const deaf = FaultyEngine.over({ engine, clock, random, fateOf: () => "works" });
  const opening = openCounters(await bus({ engine: deaf }));
  await clock.advance(1);
  const one = await opening;
  deaf.deafen();
  let two: Awaited<ReturnType<typeof openCounters>> | undefined;
  void openCounters(await bus()).then((opened) => {
    two = opened;
  });
  await clock.advance(20_000);
  ok(two !== undefined, "nobody waits for the deaf for ever");
  await two.submit(keyOf1, count(keyOf1, 7));
  await two[Symbol.asyncDispose]();
  deaf.hear();
  await clock.advance(1);
  equal(await one.read(keyOf1, valueIn(keyOf1)), 7);
});
