/** The writer of frames: what is large is not copied, what cannot be written leaves no trace, and ids and batches are read as asked. */
import { deepEqual, equal, ok, throws } from "node:assert/strict";
import { test } from "node:test";
import { FrameReader } from "../../src/frame-reader.ts";
import {
  attributeCountMax,
  batchesOf,
  FrameWriter,
  formatMessageId,
  fullFrameBytesMax,
  type KeptRecord,
  noWireAttributes,
  putMessageId,
  ReplyDecoder,
  RequestDecoder,
  textBytesMax,
  writeDescribeQueue,
  writeFetch,
  writeFetched,
  writeList,
  writePing,
  writeReceive,
  writeSend,
  writeStartRedrive,
} from "../../src/full/index.ts";
import { joined, payloadOf } from "./any-field.ts";

const send = (to: FrameWriter, id: number, ...bodies: readonly Uint8Array[]): void =>
  writeSend(to, {
    id,
    queue: "q",
    atomic: true,
    sequence: undefined,
    messages: bodies.map((body) => ({ body, attributes: noWireAttributes })),
  });

const fetch = (to: FrameWriter, partition: number, offset: number): void =>
  writeFetch(to, { id: 2, topic: "t", partition, offset, recordsMax: 1, bytesMax: 1, waitMs: 0 });

const receive = (to: FrameWriter, max: number): void =>
  writeReceive(to, { id: 2, queue: "q", max, bytesMax: 1, waitMs: 0, visibilityTimeoutMs: undefined });

const redrive = (to: FrameWriter, perSecondMax: number): void =>
  writeStartRedrive(to, { id: 2, queue: "q", to: undefined, perSecondMax });

/** As somebody may call it who has no types. */
const listOf = (to: FrameWriter, what: string): void =>
  writeList(to, { id: 2, what: what as "queues", after: "", max: 1 });

/** The ids of the frames that were written. */
function ids(to: FrameWriter): readonly number[] {
  const decoder = new RequestDecoder();
  const payloads = new FrameReader(fullFrameBytesMax).push(joined(to.take()));
  return payloads.map((payload) => decoder.decode(payload).id);
}

test("a large body is a piece of its own, the very bytes that were given", () => {
  const to = new FrameWriter();
  const [large, small] = [new Uint8Array(100_000), new Uint8Array(100)];
  send(to, 1, small, large, small);
  const bytes = to.bytes;
  const blocks = to.take();
  ok(blocks.includes(large));
  equal(
    blocks.reduce((sum, block) => sum + block.length, 0),
    bytes,
  );
  equal(to.bytes, 0);
});

test("small frames share a piece of memory, and what was taken does not change any more", () => {
  const to = new FrameWriter();
  for (let id = 1; id <= 20; id++) writePing(to, id);
  const first = to.take();
  equal(first.length, 1);
  const before = joined(first);
  for (let id = 21; id <= 40; id++) writePing(to, id);
  deepEqual(joined(first), before);
  equal(ids(to).at(-1), 40);
});

const tooMuch: readonly [string, (to: FrameWriter) => void][] = [
  ["a frame over 4 MiB", (to) => send(to, 2, new Uint8Array(fullFrameBytesMax))],
  ["a frame over 4 MiB of small bodies", (to) => send(to, 2, ...Array(5_000).fill(new Uint8Array(1_000)))],
  ["a text over 65,535 bytes", (to) => writeDescribeQueue(to, { id: 2, queue: "é".repeat(textBytesMax) })],
  [
    "a text over 65,535 letters",
    (to) => writeDescribeQueue(to, { id: 2, queue: "e".repeat(textBytesMax + 1) }),
  ],
  ["more messages than two bytes can say", (to) => receive(to, 2 ** 16)],
  ["a number of messages below 0", (to) => receive(to, -1)],
  ["a choice that there is not", (to) => listOf(to, "groups")],
  ["a partition below 0", (to) => fetch(to, -1, 0)],
  ["a partition over four bytes", (to) => fetch(to, 2 ** 32, 0)],
  ["a partition that is no number", (to) => fetch(to, Number.NaN, 0)],
  ["an offset below 0", (to) => fetch(to, 0, -1)],
  ["an offset over 2^53 - 1", (to) => fetch(to, 0, 2 ** 53)],
  ["an offset that is no number", (to) => fetch(to, 0, Number.NaN)],
  ["a rate that is no number", (to) => redrive(to, Number.NaN)],
  [
    "too many attributes",
    (to) => {
      const all = Array.from({ length: attributeCountMax + 1 }, (_, i) => [`a${i}`, string("")] as const);
      const messages = [{ body: new Uint8Array(0), attributes: new Map(all) }];
      writeSend(to, { id: 2, queue: "q", atomic: true, sequence: undefined, messages });
    },
  ],
];
const string = (value: string) => ({ type: "string", value });

for (const [what, write] of tooMuch) {
  test(`${what} is a RangeError, and leaves the frames around it as they are`, () => {
    const to = new FrameWriter();
    send(to, 1, new Uint8Array(20_000));
    throws(() => write(to), RangeError);
    writePing(to, 3);
    deepEqual(ids(to), [1, 3]);
  });
}

test("a message id is sixteen bytes on the wire and the text of a UUID elsewhere", () => {
  const id = "0193c0de-ffff-8abc-9def-001122334455";
  const bytes = new Uint8Array(18);
  putMessageId(id, bytes, 1);
  equal(formatMessageId(bytes, 1), id);
  deepEqual([bytes[0], bytes[17]], [0, 0]);
});

test("of the batches of a fetch, the records that were asked for are the answer", () => {
  const record = (offset: number, publishedAtMs: number): KeptRecord => ({
    partition: 3,
    offset,
    publishedAtMs,
    key: undefined,
    attributes: noWireAttributes,
    body: Uint8Array.of(offset),
  });
  const batches = batchesOf([record(4, 1), record(5, 1), record(6, 2), record(7, 2), record(9, 2)]);
  deepEqual(
    batches.map(({ firstOffset }) => firstOffset),
    [4, 6, 9],
    "a gap and another time begin another batch",
  );
  const answer = (fromOffset: number, recordsMax: number): readonly number[] => {
    const payload = payloadOf((to) =>
      writeFetched(to, { id: 1, startOffset: 0, endOffset: 10, fromOffset, recordsMax, batches }),
    );
    const fetched = new ReplyDecoder().decode(payload);
    return fetched.verb === "fetched" ? fetched.records.map(({ offset }) => offset) : [];
  };
  deepEqual(answer(4, 100), [4, 5, 6, 7, 9]);
  deepEqual(answer(5, 3), [5, 6, 7]);
});
