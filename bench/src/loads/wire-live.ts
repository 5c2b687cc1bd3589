/**
 * A live topic over SLUICE/1: one connection publishes, others listen. A round ends when every listener has every record. Listeners read
 * of a push how many records it has and give as much credit again; they decode none of them.
 */
import {
  noWireAttributes,
  writeCreateTopic,
  writeCredit,
  writeListen,
  writePublish,
} from "@sluice/protocol/full";
import type { Load } from "../process/runner.ts";
import { bodies } from "./payload.ts";
import { RoundTime } from "./round-time.ts";
import { unlessStalled } from "./stall.ts";
import { WireConnection } from "./wire-connection.ts";

export interface WireLiveOptions {
  readonly port: number;
  readonly consumers: number;
  /** Records of one publish. */
  readonly batch: number;
  /** Publishes that are under way at once. */
  readonly lines: number;
}

const topic = "bench-live";
const creditMax = 65_535;
/** Credit is given again in lumps. */
const creditLump = 16_384;
/** The server blocks the publisher rather than drop: a drop is no delivery. */
const listen = { topic, credit: creditMax, bufferCountMax: 10_000, overflow: "block" } as const;
/** Where `records` says what it has: behind verb and id. */
const [droppedAt, batchCountAt, batchesAt, batchHeadBytes] = [5, 13, 17, 24];

export async function openWireLive({ port, consumers, batch, lines }: WireLiveOptions): Promise<Load> {
  await using opened = new AsyncDisposableStack();
  const publisher = opened.use(await WireConnection.open(port));
  const create = { topic, partitionCount: 1, retention: "live", durability: undefined } as const;
  await publisher.request("created", (to, id) => writeCreateTopic(to, { ...create, id }));
  let received = 0;
  let onReceived = (): void => {};
  const listeners: WireConnection[] = [];
  for (let i = 0; i < consumers; i++) {
    let [subscription, used] = [0, 0];
    const onRecords = (payload: Uint8Array): void => {
      const count = countRecords(payload);
      if (count === undefined) listener.fail("records were dropped");
      received += count ?? 0;
      used += count ?? 0;
      onReceived();
      if (used < creditLump) return;
      const add = used;
      used = 0;
      listener.tell((to) => writeCredit(to, { id: subscription, add }));
    };
    const listener = opened.use(await WireConnection.open(port, { onRecords }));
    listeners.push(listener);
    const { id } = await listener.request("listening", (to, id) => writeListen(to, { ...listen, id }));
    subscription = id;
  }
  const failures = [publisher, ...listeners].map(({ failed }) => failed);
  const records = bodies(batch).map((body) => ({ key: undefined, body, attributes: noWireAttributes }));
  const ending = opened.move();

  return {
    round: async (seconds) => {
      const time = new RoundTime(seconds);
      const before = received;
      let [asked, published] = [0, 0];
      const done = Promise.withResolvers<number>();
      onReceived = () => {
        const copies = received - before;
        if (copies > asked * consumers) publisher.fail("there came more records than were published");
        if (time.isOver && published === asked && copies === asked * consumers) done.resolve(copies);
      };
      const publish = (): void => {
        asked += batch;
        publisher.ask(
          "published",
          (to, id) => writePublish(to, { id, topic, sequence: undefined, records }),
          () => {
            published += batch;
            if (!time.isOver) publish();
            else onReceived();
          },
        );
      };
      for (let line = 0; line < lines; line++) publish();
      const operations = await unlessStalled(Promise.race([done.promise, ...failures]), () => received);
      return { operations, elapsedMs: time.elapsedMs, readings: {} };
    },
    [Symbol.asyncDispose]: () => ending.disposeAsync(),
  };
}

/** How many records a push has; undefined when the server says that some were dropped. */
function countRecords(payload: Uint8Array): number | undefined {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  if (view.getBigUint64(droppedAt) !== 0n) return undefined;
  let count = 0;
  let at = batchesAt;
  for (let left = view.getUint32(batchCountAt); left > 0; left--) {
    count += view.getUint32(at + batchHeadBytes);
    at += batchHeadBytes + view.getUint32(at + batchHeadBytes - 4);
  }
  return count;
}
