/** Q20 over SLUICE/1: a queue is made with every setting that there is, tells them, and works with others from then on. */
import { deepEqual, equal, match } from "node:assert/strict";
import { test } from "node:test";
import * as full from "@sluice/protocol/full";
import { defaultQueueSettings } from "../../../../queue/settings.ts";
import type { FullClient } from "./full-client.ts";
import { openFullFixture } from "./full-fixture.ts";

const create = (queue: string, settings: full.WireSettingsPatch) => (to: full.FrameWriter, id: number) =>
  full.writeCreateQueue(to, { id, queue, settings });

const configure = (queue: string, settings: full.WireSettingsPatch) => (to: full.FrameWriter, id: number) =>
  full.writeConfigureQueue(to, { id, queue, settings });

const described = (client: FullClient, queue: string) =>
  client.ask("queue", (to, id) => full.writeDescribeQueue(to, { id, queue }));

/** Each of them other than its default. */
const settings = {
  visibilityTimeoutMs: 5_000,
  delayMs: 1_500,
  timeToLiveMs: 86_400_000,
  onExpiry: "dead-letter",
  retry: { minDelayMs: 1_000, maxDelayMs: 60_000, factor: 1.5, jitter: 0.25 },
  deadLetter: { queue: "jobs-dead", receiveCountMax: 5 },
  parkAfterReceives: 7,
  priorityAgingMs: 1_000,
  deduplication: "by-content",
  deduplicationWindowMs: 10_000,
  inFlightMax: 3,
  startsPerSecondMax: 0.5,
  messageCountMax: 10,
  bodyBytesMax: 1_000,
  overflow: "drop-oldest",
  durability: "buffered",
} as const satisfies full.WireQueueSettings;

test("a queue tells the settings that it was made with, all of them", async () => {
  await using port = await openFullFixture();
  const client = await port.client();
  equal((await client.ask("created", create("jobs-dead", {}))).created, true);
  equal((await client.ask("created", create("jobs", settings))).created, true);
  equal((await client.ask("created", create("jobs", settings))).created, false);
  for (const [name, value] of Object.entries(settings)) {
    deepEqual([name, defaultQueueSettings[name as keyof typeof settings] === value], [name, false]);
  }
  const { verb: _, id: __, ...description } = await described(client, "jobs");
  deepEqual(description, {
    ...settings,
    // What answers rest on: the journal of the test is in memory.
    durability: "memory",
    paused: false,
    ...{ ready: 0, delayed: 0, inFlight: 0, parked: 0, bodyBytes: 0 },
    ...{ oldestReadyMs: undefined, oldestInFlightMs: undefined, oldestParkedMs: undefined },
  });
});

test("what is not said has its default; what is not said in a change stays as it is", async () => {
  await using port = await openFullFixture();
  const client = await port.client();
  await client.ask("created", create("jobs", {}));
  const before = await described(client, "jobs");
  equal(before.timeToLiveMs, Number.POSITIVE_INFINITY);
  deepEqual(before.retry, defaultQueueSettings.retry);
  await client.ask("changed", configure("jobs", { inFlightMax: 2, retry: { factor: 3 } }));
  await client.ask("changed", configure("jobs", { deadLetter: { queue: "dead", receiveCountMax: 4 } }));
  const after = await described(client, "jobs");
  deepEqual(
    [after.inFlightMax, after.retry, after.deadLetter, after.visibilityTimeoutMs],
    [2, { ...before.retry, factor: 3 }, { queue: "dead", receiveCountMax: 4 }, before.visibilityTimeoutMs],
  );
  const open = Number.POSITIVE_INFINITY;
  await client.ask("changed", configure("jobs", { deadLetter: null, inFlightMax: open }));
  const { deadLetter, inFlightMax } = await described(client, "jobs");
  deepEqual([deadLetter, inFlightMax], [undefined, open]);
});

const refused: readonly [string, (to: full.FrameWriter, id: number) => void, string, RegExp][] = [
  ["a setting out of its bounds", configure("jobs", { retry: { jitter: 2 } }), "invalid-setting", /jitter/],
  ["half a message", configure("jobs", { inFlightMax: 1.5 }), "invalid-setting", /inFlightMax is 1.5/],
  ["another durability", configure("jobs", { durability: "memory" }), "invalid-setting", /stays so/],
  [
    "its own dead letters",
    configure("jobs", { deadLetter: { queue: "jobs", receiveCountMax: 2 } }),
    "invalid-setting",
    /own/,
  ],
  ["a queue that is not there", configure("none", {}), "unknown-queue", /none/],
  ["other settings of what exists", create("jobs", { delayMs: 7 }), "invalid-setting", /delayMs/],
];

test("a change that cannot be is refused whole", async (t) => {
  await using port = await openFullFixture();
  const client = await port.client();
  await client.ask("created", create("jobs", {}));
  const before = { ...(await described(client, "jobs")), id: 0 };
  for (const [what, write, code, sentence] of refused) {
    await t.test(what, async () => {
      const refusal = await client.ask("refused", write);
      equal(refusal.code, code);
      match(refusal.sentence, sentence);
    });
  }
  deepEqual({ ...(await described(client, "jobs")), id: 0 }, before);
});

/** A createQueue of `jobs` with settings as somebody may write them who has another version, or a mistake. */
const rawSettings =
  (...entries: readonly (readonly [number, readonly number[]])[]) =>
  (to: full.FrameWriter, id: number): void => {
    to.begin(full.requestVerbs.createQueue, id).text("jobs").u8(entries.length);
    for (const [setting, value] of entries) to.u8(setting).sized(Uint8Array.from(value));
    to.end();
  };

const one = [0x3f, 0xf0, 0, 0, 0, 0, 0, 0];
const nan = [0x7f, 0xf8, 0, 0, 0, 0, 0, 0];

for (const [what, write, code] of [
  ["a setting of a later version", rawSettings([200, one]), "invalid-field"],
  ["a setting that is given twice", rawSettings([1, one], [1, one]), "invalid-field"],
  ["a number of seven bytes", rawSettings([1, one.slice(1)]), "malformed"],
  ["a number and a byte more", rawSettings([1, [...one, 0]]), "malformed"],
  ["what is no number", rawSettings([1, nan]), "malformed"],
  ["a choice that there is not", rawSettings([4, [9]]), "malformed"],
] as const) {
  test(`${what} is refused as ${code}, and no queue is made`, async () => {
    await using port = await openFullFixture();
    const [client, other] = [await port.client(), await port.client()];
    equal((await client.ask("refused", write)).code, code);
    const unknown = await other.ask("refused", (to, id) =>
      full.writeDescribeQueue(to, { id, queue: "jobs" }),
    );
    equal(unknown.code, "unknown-queue");
  });
}
