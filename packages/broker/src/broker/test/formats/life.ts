/**
 * A life of a broker that writes every kind of record, and what its clients see of it afterwards: what the journals beside this file were
 * made from, and what every later version must still find in them.
 */
import { Broker, type BrokerOptions, type noAttributes } from "@sluice/broker";
import { FileJournal } from "@sluice/broker/journal";
import { assert, seededRandom } from "@sluice/runtime";
import { SimulatedDisk, VirtualClock } from "@sluice/testkit";
import { settled } from "../ledger.ts";
import { granted } from "../world.ts";

export const hourMs = 60 * 60 * 1000;
const group = "readers";

export const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();
export const message = (body: string): { body: Uint8Array; attributes: typeof noAttributes } => ({
  body: Buffer.from(body),
  attributes: new Map([["about", { type: "String", value: body }]]),
});
const record = (body: string, key?: string) => ({
  ...message(body),
  key: key === undefined ? undefined : Buffer.from(key),
});

/** Opens a broker on the disk, does something with it, and closes both. */
export async function during(
  disk: SimulatedDisk,
  clock: VirtualClock,
  everyBytes: number,
  work: (broker: Broker, ask: <Answer>(asked: Promise<Answer>) => Promise<Answer>) => Promise<void>,
  options: Pick<BrokerOptions, "archive"> = {},
): Promise<void> {
  const random = seededRandom(disk.fileNames().length + 1);
  const ask = <Answer>(asked: Promise<Answer>): Promise<Answer> => settled(clock, asked);
  const journal = await FileJournal.open({ disk, random, segmentBytes: 4096 });
  const broker = await ask(Broker.open({ journal, clock, random, checkpoints: { everyBytes }, ...options }));
  await work(broker, ask);
  await ask(broker[Symbol.asyncDispose]());
}

/** Everything that a broker can write down, once. */
async function work(
  name: string,
  broker: Broker,
  ask: <Answer>(asked: Promise<Answer>) => Promise<Answer>,
  clock: VirtualClock,
): Promise<void> {
  const [jobs, dead, news] = [`${name}-jobs`, `${name}-dead`, `${name}-news`];
  granted(await ask(broker.createQueue({ queue: dead })));
  granted(await ask(broker.createQueue({ queue: jobs, deadLetter: { queue: dead, receiveCountMax: 2 } })));
  granted(await ask(broker.createTopic({ topic: news, partitionCount: 2 })));
  granted(await ask(broker.configureTopic({ topic: news, retentionBytes: 100_000 })));

  const bodies = ["acked", "poison", "nacked", "taken", "ready"].map((body) => message(`${name} ${body}`));
  const producer = { producer: name, sequence: 1 };
  granted(await ask(broker.send({ queue: jobs, messages: bodies, producer })));
  const held = new Map<string, string>();
  const receive = async (max: number): Promise<void> => {
    const { deliveries } = granted(await ask(broker.receive({ queue: jobs, max, waitMs: 0 })));
    for (const { body, receipt } of deliveries) held.set(text(body), receipt);
  };
  const receiptOf = (body: string): string => held.get(`${name} ${body}`) ?? "";
  await receive(4);
  granted(await ask(broker.ack({ queue: jobs, receipt: receiptOf("acked") })));
  granted(
    await ask(broker.nack({ queue: jobs, receipt: receiptOf("nacked"), delayMs: 5000, counts: false })),
  );
  const visibilityTimeoutMs = 10 * hourMs;
  granted(await ask(broker.extend({ queue: jobs, receipt: receiptOf("taken"), visibilityTimeoutMs })));
  granted(await ask(broker.nack({ queue: jobs, receipt: receiptOf("poison"), delayMs: 0 })));
  await receive(1);
  granted(await ask(broker.nack({ queue: jobs, receipt: receiptOf("poison"), delayMs: 0 })));
  await receive(1);
  await clock.advance(60_000);

  const records = ["one", "two", "three"].map((body) => record(`${name} ${body}`, "same key"));
  granted(await ask(broker.publish({ topic: news, records, producer: { producer: name, sequence: 2 } })));
  granted(await ask(broker.publish({ topic: news, records: [record(`${name} without a key`)] })));
  for (const partition of [0, 1]) {
    await ask(broker.deleteRecordsBefore({ topic: news, partition, offset: 1 }));
  }
  const { assignment } = granted(
    await ask(broker.joinGroup({ group, member: name, topics: [news], onAssigned: () => undefined })),
  );
  const { generation } = assignment;
  const offsets = [{ topic: news, partition: 0, offset: 1 }];
  granted(await ask(broker.commitOffsets({ group, generation, offsets })));
  granted(
    await ask(
      broker.transact({
        publishes: [{ topic: news, records: [record(`${name} transacted`, "another key")] }],
        sends: [{ queue: jobs, messages: [message(`${name} sent in a transaction`)] }],
      }),
    ),
  );
}

/** A journal with a checkpoint that holds a whole state, and after it every record once more. The same bytes each time. */
export async function journalWithEverything(): Promise<SimulatedDisk> {
  const disk = new SimulatedDisk(seededRandom(1));
  const clock = new VirtualClock();
  const never = Number.POSITIVE_INFINITY;
  await during(disk, clock, never, (broker, ask) => work("old", broker, ask, clock));
  await during(disk, clock, 1, async (broker, ask) => {
    granted(await ask(broker.send({ queue: "old-jobs", messages: [message("makes a checkpoint due")] })));
    await clock.advance(1000);
  });
  await during(disk, clock, never, (broker, ask) => work("new", broker, ask, clock));
  return disk;
}

/** The same, and then a life in which so much else comes and goes that what is kept is relocated. */
export async function journalWithRelocated(): Promise<SimulatedDisk> {
  const disk = await journalWithEverything();
  const clock = new VirtualClock(Date.UTC(2026, 0, 1, 1));
  await during(disk, clock, 12_000, async (broker, ask) => {
    const padding = { ...message("passing"), body: Buffer.alloc(1500) };
    const publishes = [{ topic: "moved-news", records: [record("moved record")] }];
    const sends = [{ queue: "moved-jobs", messages: [message("moved message")] }];
    for (let round = 0; round < 8; round++) {
      // Not in the first segment, of which too much is kept.
      if (round === 1) granted(await ask(broker.transact({ publishes, sends })));
      granted(await ask(broker.send({ queue: "passing", messages: [padding] })));
      const taken = granted(await ask(broker.receive({ queue: "passing", max: 1, waitMs: 0 })));
      const receipt = taken.deliveries[0]?.receipt ?? "";
      granted(await ask(broker.ack({ queue: "passing", receipt })));
    }
    await clock.advance(1000);
  });
  return disk;
}

/** The same, and then a life that archives what topics keep: before its checkpoint, and again when it is killed before the next one. */
export async function journalWithArchive(): Promise<SimulatedDisk> {
  const disk = await journalWithEverything();
  const clock = new VirtualClock(Date.UTC(2026, 0, 1, 1));
  const records = [record("in the archive", "a key"), record("in the archive too")];
  let killed: SimulatedDisk | undefined;
  await during(
    disk,
    clock,
    1,
    async (broker, ask) => {
      granted(await ask(broker.publish({ topic: "new-news", records })));
      await clock.advance(1000);
      disk.onCall = ({ operation, name }) => {
        if (operation === "create" && name.includes(".checkpoint")) killed ??= disk.imageAfterKill();
        return undefined;
      };
      granted(await ask(broker.publish({ topic: "old-news", records })));
      await clock.advance(1000);
    },
    { archive: { tailBytesMin: 1, keepsRecent: false } },
  );
  assert(killed !== undefined, "the life ended before its second checkpoint");
  return killed;
}

/** What clients see of a broker on this disk: everything that is waiting, kept or committed, as values that JSON can hold. */
export async function seenBy(disk: SimulatedDisk): Promise<unknown> {
  const clock = new VirtualClock(Date.UTC(2026, 0, 2));
  const seen: Record<string, unknown> = {};
  await during(disk, clock, Number.POSITIVE_INFINITY, async (broker, ask) => {
    for (const topic of broker.listTopics()) {
      const { partitions, ...rest } = granted(await ask(broker.describeTopic(topic))).description;
      const kept = [];
      const committed = [];
      for (const [partition, { startOffset }] of partitions.entries()) {
        const at = { topic, partition, offset: startOffset, recordsMax: 100, bytesMax: 100_000, waitMs: 0 };
        const { records } = granted(await ask(broker.fetch(at)));
        kept.push(records.map((one) => ({ ...one, key: one.key && text(one.key), ...readable(one) })));
        committed.push(granted(await ask(broker.committedOffset({ group, topic, partition }))).offset);
      }
      seen[`topic ${topic}`] = { ...rest, partitions, kept, committed };
    }
    for (const queue of broker.listQueues()) {
      const { description } = granted(await ask(broker.describeQueue(queue)));
      seen[`queue ${queue}`] = description;
      seen[`queue ${queue}, redrives`] = granted(await ask(broker.listRedrives(queue))).redrives;
      const { messages } = granted(await ask(broker.browseQueue({ queue, max: 100, what: "all" })));
      seen[`queue ${queue}, browsed`] = messages.map((one) => ({ ...one, ...readable(one) }));
    }
    for (const sequence of broker.listTopics().includes("new-news") ? [1, 2] : []) {
      const producer = { producer: "new", sequence };
      const repeat =
        sequence === 1
          ? granted(await ask(broker.send({ queue: "new-jobs", messages: [message("repeat")], producer })))
          : granted(await ask(broker.publish({ topic: "new-news", records: [record("repeat")], producer })));
      seen[`repeat ${sequence}`] = repeat;
    }
    // At once, and when every lease of the life before has ended.
    for (const [when, waitMs] of [["at once", 0] as const, ["later", 11 * hourMs] as const]) {
      await clock.advance(waitMs);
      for (const queue of broker.listQueues()) {
        const asked = { queue, max: 100, waitMs: 0, visibilityTimeoutMs: 12 * hourMs };
        const { deliveries } = granted(await ask(broker.receive(asked)));
        seen[`queue ${queue}, ${when}`] = deliveries.map((one) => ({ ...one, ...readable(one) }));
      }
    }
    const described = await ask(broker.describeGroup(group));
    if (described.ok) seen[`group ${group}`] = described.description;
  });
  return JSON.parse(JSON.stringify(seen));
}

const readable = ({ body, attributes }: { body: Uint8Array; attributes: ReadonlyMap<string, unknown> }) => ({
  body: text(body),
  attributes: [...attributes],
});
