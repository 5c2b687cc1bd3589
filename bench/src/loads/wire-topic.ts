/**
 * A topic as a log over SLUICE/1: one connection publishes, the only member of a consumer group reads on another and commits after each fetch.
 * The next fetch does not wait for the commit before it.
 */
import {
  noWireAttributes,
  writeCommit,
  writeCreateTopic,
  writeDeleteBefore,
  writeFetch,
  writeJoin,
  writeLeave,
  writePublish,
} from "@sluice/protocol/full";
import type { Load } from "../process/runner.ts";
import { bodies } from "./payload.ts";
import { RoundTime } from "./round-time.ts";
import { unlessStalled } from "./stall.ts";
import { WireConnection } from "./wire-connection.ts";

export interface WireTopicOptions {
  readonly port: number;
  /** Records of one publish. */
  readonly batch: number;
  /** Publishes that are under way at once. */
  readonly lines: number;
}

/** What a fetch may return. */
const wanted = { partition: 0, recordsMax: 1000, bytesMax: 1024 * 1024, waitMs: 10_000 };
const [member, partition] = ["reader", 0];
const patience = { sessionTimeoutMs: 0, rebalanceTimeoutMs: 10_000 };

/** A topic of its own for each round: a topic keeps what was published, and rounds should not pay for those before. */
export async function openWireTopic({ port, batch, lines }: WireTopicOptions): Promise<Load> {
  await using opened = new AsyncDisposableStack();
  const publisher = opened.use(await WireConnection.open(port));
  let assigned = Promise.withResolvers<number>();
  const reader = opened.use(
    await WireConnection.open(port, {
      onPush: (push) => {
        if (push.verb === "assigned") assigned.resolve(push.generation);
        return push.verb === "assigned" || push.verb === "ended";
      },
    }),
  );
  const records = bodies(batch).map((body) => ({ key: undefined, body, attributes: noWireAttributes }));
  const create = { partitionCount: 1, retention: "log", durability: undefined } as const;
  // Loads of other shapes may work on the same server.
  const group = `readers-${batch}`;
  let rounds = 0;
  const ending = opened.move();

  const measured = async (topic: string, generation: number, seconds: number) => {
    const time = new RoundTime(seconds);
    const done = Promise.withResolvers<number>();
    let [asked, published, read, committed] = [0, 0, 0, 0];
    const publish = (): void => {
      asked += batch;
      const request = { topic, sequence: undefined, records };
      publisher.ask(
        "published",
        (to, id) => writePublish(to, { ...request, id }),
        () => {
          published += batch;
          if (!time.isOver) publish();
          else finishOnceRead();
        },
      );
    };
    const finishOnceRead = (): void => {
      if (time.isOver && published === asked && committed === asked) done.resolve(asked);
    };
    const fetch = (): void => {
      const request = { topic, ...wanted, offset: read };
      reader.ask(
        "fetched",
        (to, id) => writeFetch(to, { ...request, id }),
        (fetched) => {
          read += fetched.records.length;
          commit(read);
          if (!time.isOver || read < asked) fetch();
        },
      );
    };
    const commit = (offset: number): void => {
      const offsets = [{ topic, partition, offset }];
      reader.ask(
        "offsetsCommitted",
        (to, id) => writeCommit(to, { id, group, generation, offsets }),
        () => {
          committed = offset;
          finishOnceRead();
        },
      );
    };
    for (let line = 0; line < lines; line++) publish();
    fetch();
    const operations = await unlessStalled(
      Promise.race([done.promise, publisher.failed, reader.failed]),
      () => published + committed,
    );
    return { operations, elapsedMs: time.elapsedMs, readings: {} };
  };

  return {
    round: async (seconds) => {
      const topic = `bench-${batch}-${rounds++}`;
      await publisher.request("created", (to, id) => writeCreateTopic(to, { ...create, id, topic }));
      assigned = Promise.withResolvers();
      let membership = 0;
      await reader.request("joined", (to, id) => {
        membership = id;
        writeJoin(to, { id, group, member, ...patience, topics: [topic] });
      });
      const generation = await Promise.race([assigned.promise, reader.failed]);
      const tally = await measured(topic, generation, seconds);
      await reader.request("left", (to, id) => writeLeave(to, { id, membership }));
      const all = { topic, partition, offset: tally.operations };
      await publisher.request("changed", (to, id) => writeDeleteBefore(to, { ...all, id }));
      return tally;
    },
    [Symbol.asyncDispose]: () => ending.disposeAsync(),
  };
}
