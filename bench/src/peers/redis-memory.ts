/** What a message costs that waits in a Redis stream: `used_memory` before and after a stream is filled. */
import { Fault } from "@sluice/runtime";
import { messageText } from "../loads/payload.ts";
import { RoundTime } from "../loads/round-time.ts";
import { unlessStalled } from "../loads/stall.ts";
import type { Load } from "../process/runner.ts";
import { RedisConnection } from "./redis-connection.ts";
import { encodeCommand } from "./resp.ts";

export interface RedisMemoryOptions {
  readonly url: string;
  readonly count: number;
}

/** Of our own, because the server may be somebody's. */
const stream = `sluice-bench-memory-${process.pid}`;
const batch = 1000;
const underWay = 8;

export async function openRedisMemory({ url, count }: RedisMemoryOptions): Promise<Load> {
  const redis = await RedisConnection.open(url);
  const add = encodeCommand(["XADD", stream, "*", "b", messageText]);
  const adds = Buffer.concat(Array.from({ length: Math.min(batch, count) }, () => add));

  const fill = async (): Promise<void> => {
    const done = Promise.withResolvers<void>();
    let [sent, added] = [0, 0];
    const send = (): void => {
      const some = Math.min(batch, count - sent);
      if (some === 0) return;
      sent += some;
      redis.write(adds.subarray(0, some * add.length), some, () => {
        added++;
        if (added % batch === 0) send();
        if (added === count) done.resolve();
      });
    };
    for (let i = 0; i < underWay; i++) send();
    await unlessStalled(Promise.race([done.promise, redis.failed]), () => added);
  };

  return {
    round: async () => {
      await redis.request("DEL", stream);
      const before = await usedBytes(redis);
      const time = new RoundTime(0);
      await fill();
      const { elapsedMs } = time;
      const bytesPerMessage = ((await usedBytes(redis)) - before) / count;
      return { operations: count, elapsedMs, readings: { bytesPerMessage } };
    },
    [Symbol.asyncDispose]: async () => {
      await redis.request("DEL", stream);
      redis[Symbol.dispose]();
    },
  };
}

async function usedBytes(redis: RedisConnection): Promise<number> {
  const info = await redis.request("INFO", "memory");
  const used = /^used_memory:(\d+)/m.exec(Buffer.from(info as Uint8Array).toString())?.[1];
  if (used === undefined) throw new Fault("peer-failed", "Redis does not tell its used_memory.");
  return Number(used);
}
