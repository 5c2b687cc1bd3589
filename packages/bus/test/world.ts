/** What the tests of the bus share: a virtual world with one memory engine, and a few events. */
import { type Log, type Random, seededRandom, silentLog } from "@sluice/runtime";
import { VirtualClock } from "@sluice/testkit";
import { Type } from "typebox";
import { Bus, type BusOptions } from "../src/bus.ts";
import type { Engine, EngineRecord } from "../src/engine.ts";
import { MemoryEngine } from "../src/engines/memory.ts";
import { event } from "../src/event.ts";

export interface World {
  readonly clock: VirtualClock;
  readonly random: Random;
  readonly log: Log;
  readonly engine: MemoryEngine;
  /** A bus over the world's engine, or over another one. */
  bus(options?: Partial<BusOptions>): Promise<Bus>;
  /** Lets time pass, millisecond by millisecond, until the work is done. */
  pass<T>(work: Promise<T>): Promise<T>;
}

export function createWorld(seed = 1): World {
  const clock = new VirtualClock();
  const random = seededRandom(seed);
  const log = silentLog;
  const engine = MemoryEngine.open({ clock });
  const bus = (options?: Partial<BusOptions>): Promise<Bus> =>
    Bus.open({ engine, source: "/test", clock, random, log, ...options });
  const pass = async <T>(work: Promise<T>): Promise<T> => {
    let done = false;
    const mark = (): void => {
      done = true;
    };
    work.then(mark, mark);
    for (let ms = 0; !done && ms < 10_000; ms++) await clock.advance(1);
    return work;
  };
  return { clock, random, log, engine, bus, pass };
}

export const orderPlaced = event({
  type: "order.placed",
  topic: "orders",
  schema: Type.Object({
    orderId: Type.String(),
    customer: Type.String({ minLength: 1 }),
    lines: Type.Array(Type.Object({ article: Type.String(), count: Type.Integer({ minimum: 1 }) })),
  }),
  key: (order) => order.customer,
});

export const orderShipped = event({
  type: "order.shipped",
  topic: "shipments",
  schema: Type.Object({ orderId: Type.String(), customer: Type.String() }),
  key: (order) => order.customer,
});

/** An order that fits its schema. */
export const order = (orderId: string, customer = "ada") => ({
  orderId,
  customer,
  lines: [{ article: "tea", count: 1 }],
});

/** Everything that a partition holds. */
export async function recordsOf(engine: Engine, topic: string, partition: number): Promise<EngineRecord[]> {
  const endOffset = await engine.endOffset(topic, partition);
  const records: EngineRecord[] = [];
  if (endOffset === 0) return records;
  for await (const batch of engine.read(topic, partition, 0, new AbortController().signal)) {
    records.push(...batch);
    if ((batch.at(-1)?.offset ?? 0) >= endOffset - 1) break;
  }
  return records;
}

/** Everything that a topic holds, partition by partition. */
export async function contentsOf(engine: Engine, topic: string): Promise<EngineRecord[]> {
  const contents: EngineRecord[] = [];
  for (let partition = 0; partition < (await engine.partitionCount(topic)); partition++) {
    contents.push(...(await recordsOf(engine, topic, partition)));
  }
  return contents;
}

/** The data of a record, as JSON has it. */
export function dataOf(record: EngineRecord): unknown {
  return JSON.parse(new TextDecoder().decode(record.value));
}
