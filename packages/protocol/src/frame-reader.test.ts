/** The frame reader against the writer, against every way to cut a stream, and against noise. */
import { deepEqual, equal, ok } from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { frameHeaderBytes } from "./frame-limits.ts";
import { FrameReader } from "./frame-reader.ts";
import { encodeFrame, encodeFrames, frameHeader } from "./frame-writer.ts";

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);
const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);

test("a frame is four bytes of length, high byte first, then the payload", () => {
  deepEqual(encodeFrame(ascii("hi")), bytes(0, 0, 0, 2, 0x68, 0x69));
  deepEqual(encodeFrame(bytes()), bytes(0, 0, 0, 0));
  deepEqual(frameHeader(0x01020304), bytes(1, 2, 3, 4));
  deepEqual(encodeFrames([ascii("a"), ascii("bc")]), bytes(0, 0, 0, 1, 0x61, 0, 0, 0, 2, 0x62, 0x63));
});

test("several frames in one chunk come out as views of it, an empty one among them", () => {
  const chunk = encodeFrames([ascii("one"), bytes(), ascii("three")]);
  const payloads = new FrameReader(100).push(chunk);
  deepEqual(payloads, [ascii("one"), bytes(), ascii("three")]);
  ok(payloads.every((payload) => payload.buffer === chunk.buffer));
});

test("an empty frame whose length ends a chunk comes out at once", () => {
  const reader = new FrameReader(100);
  deepEqual(reader.push(bytes(0, 0)), []);
  deepEqual(reader.push(bytes(0, 0)), [bytes()]);
  equal(reader.partialBytes, 0);
});

test("a half-sent frame is held and counted", () => {
  const reader = new FrameReader(100);
  deepEqual(reader.push(encodeFrame(ascii("hello")).subarray(0, 6)), []);
  equal(reader.partialBytes, 6);
  deepEqual(reader.push(ascii("llo")), [ascii("hello")]);
  equal(reader.partialBytes, 0);
});

test("a frame at the limit is read; one byte more is known from its length alone, and what came before it counts", () => {
  const atLimit = new FrameReader(5);
  deepEqual(atLimit.push(encodeFrame(ascii("12345"))), [ascii("12345")]);
  const reader = new FrameReader(5);
  const before = reader.push(new Uint8Array([...encodeFrame(ascii("ok")), 0, 0, 0, 6]));
  deepEqual(before, [ascii("ok")]);
  deepEqual(reader.fault, { code: "frame-too-large", frameBytes: 6, frameBytesMax: 5 });
  deepEqual(reader.push(encodeFrame(ascii("ok"))), [], "after the fault nothing is a frame");
});

test("the largest length is read without a sign", () => {
  const reader = new FrameReader(5);
  reader.push(bytes(0xff, 0xff, 0xff, 0xff));
  equal(reader.fault?.frameBytes, 0xffff_ffff);
});

test("wherever a stream is cut, the frames are the same", () => {
  const payloads = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 12 });
  const cuts = fc.array(fc.nat(4000), { maxLength: 40 });
  fc.assert(
    fc.property(payloads, cuts, (sent, at) => {
      const stream = encodeFrames(sent);
      const reader = new FrameReader(300);
      const received = chunks(stream, at).flatMap((chunk) => reader.push(chunk));
      deepEqual(
        received.map((payload) => [...payload]),
        sent.map((payload) => [...payload]),
      );
      equal(reader.fault, undefined);
      equal(reader.partialBytes, 0);
    }),
    { numRuns: 1_000 },
  );
});

test("noise never throws, and never makes the reader hold more than the limit", () => {
  const frameBytesMax = 64;
  const noise = fc.array(fc.oneof(fc.uint8Array({ maxLength: 200 }), fc.constant(bytes(0, 0, 0, 9, 1))), {
    maxLength: 20,
  });
  fc.assert(
    fc.property(noise, (stream) => {
      const reader = new FrameReader(frameBytesMax);
      for (const chunk of stream) {
        for (const payload of reader.push(chunk)) ok(payload.length <= frameBytesMax);
        ok(reader.partialBytes < frameHeaderBytes + frameBytesMax || reader.fault !== undefined);
      }
    }),
    { numRuns: 2_000 },
  );
});

test("what is held grows with what has arrived, not with what was announced", () => {
  const before = process.memoryUsage().arrayBuffers;
  const readers = Array.from({ length: 64 }, () => new FrameReader(16 * 1024 * 1024));
  for (const each of readers) each.push(bytes(0x01, 0, 0, 0, 1, 2, 3));
  ok(
    process.memoryUsage().arrayBuffers - before < 1024 * 1024,
    "64 announcements of 16 MiB cost next to nothing",
  );
});

function chunks(stream: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const borders = [...new Set([0, ...cuts.filter((cut) => cut < stream.length), stream.length])].sort(
    (a, b) => a - b,
  );
  return borders.slice(1).map((end, i) => stream.subarray(borders[i], end));
}
