/**
 * The requests that the bench makes of Kafka, each in the newest of its older versions that brokers of version 4 still take: topics of one
 * partition, one group that assigns nothing.
 */
import { type KafkaReader, KafkaWriter } from "./kafka-bytes.ts";
import type { KafkaRequest } from "./kafka-connection.ts";

/** Every answer says how it went; 0 is well. The numbers are Kafka's own. */
export type ErrorCode = number;

const partition = 0;
const [allReplicas, consumer] = [-1, -1];
const timeoutMs = 30_000;
/** A commit of a group without members. */
const [noGeneration, noMember, usualRetention] = [-1, "", -1];

const one = (to: KafkaWriter): KafkaWriter => to.int32(1);

export function createTopic(topic: string): KafkaRequest<ErrorCode> {
  const [noAssignments, noSettings, isTrial] = [0, 0, 0];
  return {
    ...{ key: 19, version: 2 },
    body: one(new KafkaWriter())
      .string(topic)
      .int32(1)
      .int16(1)
      .int32(noAssignments)
      .int32(noSettings)
      .int32(timeoutMs)
      .int8(isTrial)
      .finish(),
    read: (from) => {
      from.int32();
      return first(from.array(() => [from.string(), from.int16(), from.string()] as const))[1];
    },
  };
}

export function deleteTopic(topic: string): KafkaRequest<ErrorCode> {
  return {
    ...{ key: 20, version: 1 },
    body: one(new KafkaWriter()).string(topic).int32(timeoutMs).finish(),
    read: (from) => {
      from.int32();
      return first(from.array(() => [from.string(), from.int16()] as const))[1];
    },
  };
}

/** `host:port` of the broker that leads the topic's partition; undefined while nobody does. */
export function leaderOf(topic: string): KafkaRequest<string | undefined> {
  return {
    ...{ key: 3, version: 1 },
    body: one(new KafkaWriter()).string(topic).finish(),
    read: (from) => {
      const brokers = from.array(() => {
        const [id, host, port] = [from.int32(), from.string(), from.int32()];
        from.string();
        return { id, address: `${host}:${port}` };
      });
      from.int32();
      const leaders = from.array(() => {
        from.int16();
        from.string();
        from.int8();
        return from.array(() => {
          from.int16();
          from.int32();
          const leader = from.int32();
          for (const _ of ["replicas", "in sync"]) from.array(() => from.int32());
          return leader;
        });
      });
      return brokers.find(({ id }) => id === leaders[0]?.[0])?.address;
    },
  };
}

/** `host:port` of the broker that keeps the group's offsets; undefined while nobody does. */
export function coordinatorOf(group: string): KafkaRequest<string | undefined> {
  return {
    ...{ key: 10, version: 0 },
    body: new KafkaWriter().string(group).finish(),
    read: (from) => {
      const error = from.int16();
      from.int32();
      const address = `${from.string()}:${from.int32()}`;
      return error === 0 ? address : undefined;
    },
  };
}

/** Answered when every replica in sync has it. */
export function produce(topic: string, batch: Uint8Array): KafkaRequest<ErrorCode> {
  const to = new KafkaWriter().string(null).int16(allReplicas).int32(timeoutMs);
  return {
    ...{ key: 0, version: 3 },
    body: one(one(to).string(topic)).int32(partition).bytes(batch).finish(),
    read: (from) => inTopic(from, () => from.int16()),
  };
}

export interface Wanted {
  readonly offset: number;
  readonly bytesMax: number;
  readonly waitMs: number;
}

export interface Fetched {
  readonly error: ErrorCode;
  /** Record batches, the last perhaps in part. */
  readonly batches: Buffer;
}

export function fetchRecords(topic: string, { offset, bytesMax, waitMs }: Wanted): KafkaRequest<Fetched> {
  const [bytesMin, readUncommitted] = [1, 0];
  const to = new KafkaWriter()
    .int32(consumer)
    .int32(waitMs)
    .int32(bytesMin)
    .int32(bytesMax)
    .int8(readUncommitted);
  return {
    ...{ key: 1, version: 4 },
    body: one(one(to).string(topic)).int32(partition).int64(offset).int32(bytesMax).finish(),
    read: (from) => {
      from.int32();
      return inTopic(from, () => {
        const error = from.int16();
        for (const _ of ["high watermark", "last stable offset"]) from.int64();
        from.array(() => [from.int64(), from.int64()]);
        return { error, batches: from.bytes() };
      });
    },
  };
}

export function commitOffset(group: string, topic: string, offset: number): KafkaRequest<ErrorCode> {
  const to = new KafkaWriter().string(group).int32(noGeneration).string(noMember).int64(usualRetention);
  return {
    ...{ key: 8, version: 2 },
    body: one(one(to).string(topic)).int32(partition).int64(offset).string(null).finish(),
    read: (from) => inTopic(from, () => from.int16()),
  };
}

/** What an answer says of the only partition of the only topic. */
function inTopic<Said>(from: KafkaReader, read: () => Said): Said {
  const topics = from.array(() => {
    from.string();
    return first(
      from.array(() => {
        from.int32();
        return read();
      }),
    );
  });
  return first(topics);
}

function first<Item>(items: readonly Item[]): Item {
  const [item] = items;
  if (item === undefined) throw new TypeError("the answer speaks of nothing");
  return item;
}
