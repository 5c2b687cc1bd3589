/**
 * A topic as a log on Kafka, in the shape of `loads/wire-topic.ts`: one connection publishes record batches, another reads and commits after
 * each fetch, on which the next fetch does not wait. The batch is made once, and of what is read only the heads of batches are looked at.
 */
import { Fault, systemClock, waitFor } from "@sluice/runtime";
import { bodies } from "../loads/payload.ts";
import { RoundTime } from "../loads/round-time.ts";
import { unlessStalled } from "../loads/stall.ts";
import type { Load } from "../process/runner.ts";
import { encodeRecordBatch, readBatchHeads } from "./kafka-batch.ts";
import { KafkaConnection, type KafkaRequest } from "./kafka-connection.ts";
import {
  commitOffset,
  coordinatorOf,
  createTopic,
  deleteTopic,
  type ErrorCode,
  fetchRecords,
  leaderOf,
  produce,
} from "./kafka-requests.ts";

export interface KafkaTopicOptions {
  /** `host:port` of any broker. */
  readonly broker: string;
  /** Records of one publish. */
  readonly batch: number;
  /** Publishes that are under way at once. */
  readonly lines: number;
}

const wanted = { bytesMax: 1024 * 1024, waitMs: 1000 };
/** Of our own, because the server may be somebody's. */
const ownName = `sluice-bench-${process.pid}`;
const [retryEveryMs, retries] = [50, 200];

export async function openKafkaTopic({ broker, batch, lines }: KafkaTopicOptions): Promise<Load> {
  await using opened = new AsyncDisposableStack();
  const admin = opened.use(await KafkaConnection.open(broker));
  const records = encodeRecordBatch(bodies(batch), systemClock.now().wallMs);
  const group = `${ownName}-readers`;
  const coordinator = opened.use(await KafkaConnection.open(await found(admin, coordinatorOf(group))));
  const ending = opened.move();
  let rounds = 0;

  const measured = async (topic: string, seconds: number, leader: string) => {
    using publisher = await KafkaConnection.open(leader);
    using reader = await KafkaConnection.open(leader);
    // Brokers know who leads a topic before that one has taken it over.
    await found(reader, isLed(topic));
    const time = new RoundTime(seconds);
    const done = Promise.withResolvers<number>();
    let [asked, published, read, committed] = [0, 0, 0, 0];
    const good = (connection: KafkaConnection, error: ErrorCode): boolean => {
      if (error !== 0) connection.fail(`there came error ${error}`);
      return error === 0;
    };
    const publish = (): void => {
      asked += batch;
      publisher.ask(produce(topic, records), (error) => {
        if (!good(publisher, error)) return;
        published += batch;
        if (!time.isOver) publish();
        else finishOnceRead();
      });
    };
    const finishOnceRead = (): void => {
      if (time.isOver && published === asked && committed === asked) done.resolve(asked);
    };
    const fetch = (): void => {
      reader.ask(fetchRecords(topic, { ...wanted, offset: read }), ({ error, batches }) => {
        if (!good(reader, error)) return;
        const { recordCount, nextOffset = read } = readBatchHeads(batches);
        if (nextOffset !== read + recordCount) reader.fail("records are missing");
        read = nextOffset;
        if (recordCount > 0) commit(read);
        if (!time.isOver || read < asked) fetch();
      });
    };
    const commit = (offset: number): void => {
      coordinator.ask(commitOffset(group, topic, offset), (error) => {
        if (!good(coordinator, error)) return;
        committed = offset;
        finishOnceRead();
      });
    };
    for (let line = 0; line < lines; line++) publish();
    fetch();
    const failures = [publisher, reader, coordinator].map(({ failed }) => failed);
    const operations = await unlessStalled(
      Promise.race([done.promise, ...failures]),
      () => published + committed,
    );
    return { operations, elapsedMs: time.elapsedMs, readings: {} };
  };

  return {
    round: async (seconds) => {
      const topic = `${ownName}-${rounds++}`;
      must(await admin.request(createTopic(topic)), "create a topic");
      const leader = await found(admin, leaderOf(topic));
      const tally = await measured(topic, seconds, leader);
      must(await admin.request(deleteTopic(topic)), "delete a topic");
      return tally;
    },
    [Symbol.asyncDispose]: () => ending.disposeAsync(),
  };
}

/** Asks again until there is something: brokers answer before they have elected somebody. */
async function found<Answer>(
  of: KafkaConnection,
  request: KafkaRequest<Answer | undefined>,
): Promise<Answer> {
  for (let attempt = 0; attempt < retries; attempt++) {
    const answer = await of.request(request);
    if (answer !== undefined) return answer;
    await waitFor(systemClock, retryEveryMs);
  }
  throw new Fault("peer-failed", "Kafka has no broker for what was asked.");
}

/** A fetch that waits for nothing; answered with undefined while it cannot be. */
function isLed(topic: string): KafkaRequest<true | undefined> {
  const request = fetchRecords(topic, { offset: 0, bytesMax: 1, waitMs: 0 });
  return { ...request, read: (from) => (request.read(from).error === 0 ? true : undefined) };
}

function must(error: ErrorCode, what: string): void {
  if (error !== 0) throw new Fault("peer-failed", `Kafka did not ${what}: error ${error}.`);
}
