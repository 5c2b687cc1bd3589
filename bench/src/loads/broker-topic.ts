/** A broker in this process: a topic as a log. One writer side publishes, a consumer group reads and commits, all of it synced. */
import { type BrokerApi, noAttributes } from "@sluice/broker";
import { assert } from "@sluice/runtime";
import type { Load } from "../process/runner.ts";
import { answered } from "./answered.ts";
import { openBroker } from "./open-broker.ts";
import { bodies } from "./payload.ts";
import { inLines, RoundTime } from "./round-time.ts";

export interface BrokerTopicOptions {
  /** Records of one publish. */
  readonly batch: number;
  /** Publishes that are under way at once. */
  readonly lines: number;
}

const [topic, group] = ["bench", "readers"];
/** What a read may return, in records and bytes. */
const recordsMax = 1000;
const bytesMax = 1024 * 1024;
const waitMs = 10_000;

/** A broker of its own for each round: a topic keeps what was published, and rounds should not pay for those before. */
export async function openBrokerTopic({ batch, lines }: BrokerTopicOptions): Promise<Load> {
  const records = bodies(batch).map((body) => ({ key: undefined, body, attributes: noAttributes }));
  return {
    round: async (seconds) => {
      await using opened = await openBroker();
      const { broker } = opened;
      answered(await broker.createTopic({ topic, partitionCount: 1 }));
      const time = new RoundTime(seconds);
      let published = 0;
      let publishing = true;
      const read = readAndCommit(broker, (offset) => !publishing && offset >= published);
      await inLines(lines, time, async () => {
        answered(await broker.publish({ topic, records }));
        published += batch;
        return batch;
      });
      publishing = false;
      const operations = await read;
      assert(operations === published, "what was published is read");
      return { operations, elapsedMs: time.elapsedMs, readings: {} };
    },
    [Symbol.asyncDispose]: async () => {},
  };
}

/** Reads from the start until `isDone`, one fetch and one commit after the other. Resolves with the offset that it came to. */
async function readAndCommit(broker: BrokerApi, isDone: (offset: number) => boolean): Promise<number> {
  const { assignment } = answered(
    await broker.joinGroup({ group, member: "reader", topics: [topic], onAssigned: () => {} }),
  );
  const { generation } = assignment;
  let offset = 0;
  while (!isDone(offset)) {
    const fetch = { topic, partition: 0, offset, recordsMax, bytesMax, waitMs };
    const { records } = answered(await broker.fetch(fetch));
    offset += records.length;
    answered(await broker.commitOffsets({ group, generation, offsets: [{ topic, partition: 0, offset }] }));
  }
  return offset;
}
