/** Each frame of the full protocol says after decoding what was written, however many share a writer and wherever the network cuts. */
import { deepEqual, ok } from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { FrameReader } from "../../src/frame-reader.ts";
import {
  deliveryBytes,
  FrameWriter,
  fullFrameBytesMax,
  ReplyDecoder,
  RequestDecoder,
  seenBytes,
  writeBrowsed,
  writeReceived,
} from "../../src/full/index.ts";
import { delivery, joined, payloadOf, seen, seenMessage } from "./any-field.ts";
import { clientFrames } from "./client-frames.ts";
import { serverFrames } from "./server-frames.ts";

const runs = { numRuns: 60 };

for (const [name, samples] of Object.entries(clientFrames)) {
  test(`what a client says: ${name}`, () => {
    const decoder = new RequestDecoder();
    fc.assert(
      fc.property(samples, ({ write, expected }) =>
        deepEqual(seen(decoder.decode(payloadOf(write))), seen(expected)),
      ),
      runs,
    );
  });
}

for (const [name, samples] of Object.entries(serverFrames)) {
  test(`what a server says: ${name}`, () => {
    const decoder = new ReplyDecoder();
    fc.assert(
      fc.property(samples, ({ write, expected }) =>
        deepEqual(seen(decoder.decode(payloadOf(write))), seen(expected)),
      ),
      runs,
    );
  });
}

test("what a delivery or a message that was browsed takes in a frame is never more than was reckoned", () => {
  const bytesOf = (write: (to: FrameWriter) => void) => payloadOf(write).length;
  fc.assert(
    fc.property(delivery, seenMessage, (one, seenOne) => {
      const none = bytesOf((to) => writeReceived(to, 1, []));
      ok(bytesOf((to) => writeReceived(to, 1, [one])) - none <= deliveryBytes(one));
      const nothing = bytesOf((to) => writeBrowsed(to, { id: 1, next: undefined, messages: [] }));
      const something = bytesOf((to) => writeBrowsed(to, { id: 1, next: undefined, messages: [seenOne] }));
      ok(something - nothing <= seenBytes(seenOne));
    }),
    { numRuns: 300 },
  );
});

test("many frames of one writer, taken now and then and cut anywhere, are the same frames", () => {
  const anyFrames = fc.array(fc.oneof(...Object.values(clientFrames)), { minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(anyFrames, fc.nat(20), fc.integer({ min: 1, max: 5000 }), (frames, takeEvery, cut) => {
      const to = new FrameWriter();
      const blocks: Uint8Array[] = [];
      frames.forEach(({ write }, i) => {
        write(to);
        if (takeEvery > 0 && i % takeEvery === 0) blocks.push(...to.take());
      });
      const bytes = joined([...blocks, ...to.take()]);
      const reader = new FrameReader(fullFrameBytesMax);
      const decoder = new RequestDecoder();
      const found: unknown[] = [];
      for (let at = 0; at < bytes.length; at += cut) {
        for (const payload of reader.push(bytes.slice(at, at + cut)))
          found.push(seen(decoder.decode(payload)));
      }
      deepEqual(
        found,
        frames.map(({ expected }) => seen(expected)),
      );
    }),
    { numRuns: 40 },
  );
});
