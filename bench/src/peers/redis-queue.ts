/**
 * A queue as users of Redis Streams make one: XADD on one connection, XREADGROUP and XACK on another. What was read together is acked together.
 * As many messages as the window holds are on their way, each from its XADD to the reply to its XACK. Nothing is taken out of the stream
 * within a round (no XDEL, no trimming), which a queue that lives would have to do.
 */

import { messageText } from "../loads/payload.ts";
import { RoundTime } from "../loads/round-time.ts";
import { unlessStalled } from "../loads/stall.ts";
import type { Load } from "../process/runner.ts";
import { RedisConnection } from "./redis-connection.ts";
import { encodeCommand, type RespReply } from "./resp.ts";

export interface RedisQueueOptions {
  readonly url: string;
  /** Messages of one write of XADDs. */
  readonly batch: number;
  /** Messages on their way at most. */
  readonly window: number;
  /** Most that one XREADGROUP returns. */
  readonly readMax: number;
}

/** Of our own, because the server may be somebody's. */
const stream = `sluice-bench-${process.pid}`;
const group = "readers";
const readerWaitMs = 100;

export async function openRedisQueue(options: RedisQueueOptions): Promise<Load> {
  await using opened = new AsyncDisposableStack();
  const { url, batch, window, readMax } = options;
  const sender = opened.use(await RedisConnection.open(url));
  const receiver = opened.use(await RedisConnection.open(url));
  const add = encodeCommand(["XADD", stream, "*", "b", messageText]);
  const adds = Buffer.concat(Array.from({ length: batch }, () => add));
  const [count, block] = [String(readMax), String(readerWaitMs)];
  const read = encodeCommand([
    ...["XREADGROUP", "GROUP", group, "reader", "COUNT", count, "BLOCK", block, "STREAMS", stream, ">"],
  ]);
  const ending = opened.move();

  const measured = async (seconds: number) => {
    const time = new RoundTime(seconds);
    const done = Promise.withResolvers<number>();
    const quiet = Promise.withResolvers<void>();
    let [sent, added, received, acked] = [0, 0, 0, 0];
    const send = (): void => {
      sent += batch;
      sender.write(adds, batch, () => {
        added++;
        finishOnceAcked();
      });
    };
    const finishOnceAcked = (): void => {
      if (time.isOver && acked === sent && added === sent) done.resolve(acked);
    };
    const sendMore = (): void => {
      while (!time.isOver && sent - acked + batch <= window) send();
    };
    const receive = (): void => {
      if (time.isOver && received === sent) quiet.resolve();
      else receiver.write(read, 1, took);
    };
    const took = (reply: RespReply): void => {
      const ids = idsOf(reply);
      if (ids === undefined) receiver.fail("there came no list of messages");
      else if (ids.length > 0) ack(ids);
      receive();
    };
    const ack = (ids: readonly Uint8Array[]): void => {
      received += ids.length;
      receiver.write(encodeCommand(["XACK", stream, group, ...ids]), 1, (reply) => {
        if (reply !== ids.length) receiver.fail(`${ids.length} messages were acked, and there came ${reply}`);
        acked += ids.length;
        sendMore();
        finishOnceAcked();
      });
    };
    // Once at least, however short the round.
    send();
    sendMore();
    receive();
    const operations = await unlessStalled(
      Promise.race([done.promise, sender.failed, receiver.failed]),
      () => acked,
    );
    const { elapsedMs } = time;
    await quiet.promise;
    return { operations, elapsedMs, readings: {} };
  };

  return {
    round: async (seconds) => {
      await sender.request("XGROUP", "CREATE", stream, group, "$", "MKSTREAM");
      const tally = await measured(seconds);
      await sender.request("DEL", stream);
      return tally;
    },
    [Symbol.asyncDispose]: () => ending.disposeAsync(),
  };
}

/** `[[stream, [[id, fields], ...]]]`; null when nothing came within the wait. */
function idsOf(reply: RespReply): readonly Uint8Array[] | undefined {
  if (reply === null) return [];
  const [ofStream] = Array.isArray(reply) ? reply : [];
  const messages: unknown = Array.isArray(ofStream) ? ofStream[1] : undefined;
  if (!Array.isArray(messages)) return undefined;
  const ids = messages.map((message: unknown) => (Array.isArray(message) ? message[0] : undefined));
  return ids.every((id) => id instanceof Uint8Array) ? ids : undefined;
}
