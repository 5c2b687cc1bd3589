/** The error frame: its bytes, and what a client makes of them. */
import { deepEqual, equal, ok } from "node:assert/strict";
import { test } from "node:test";
import { encodeErrorFrame, parseErrorFrame } from "./error-frame.ts";
import { FrameReader } from "./frame-reader.ts";

const payloadOf = (frame: Uint8Array): Uint8Array =>
  new FrameReader(10_000).push(frame)[0] ?? new Uint8Array(0);

test("an error is a frame with the word ERROR, a code and a sentence", () => {
  const payload = payloadOf(encodeErrorFrame("too-many-consumers", "The topic default has 10 consumers."));
  equal(new TextDecoder().decode(payload), "ERROR too-many-consumers The topic default has 10 consumers.");
  deepEqual(parseErrorFrame(payload), {
    code: "too-many-consumers",
    sentence: "The topic default has 10 consumers.",
  });
});

test("the sentence is one line, whatever a stranger's name in it holds", () => {
  const payload = payloadOf(encodeErrorFrame("invalid-name", "'a\r\nb\u0000' is no name."));
  equal(parseErrorFrame(payload)?.sentence, "'a??b?' is no name.");
});

test("a message is no error", () => {
  for (const text of ["", "ERROR", "ERROR 17", "error unknown-role x", "an ERROR unknown-role x"]) {
    equal(parseErrorFrame(new TextEncoder().encode(text)), undefined, text);
  }
  equal(parseErrorFrame(Uint8Array.of(0xff, 0x00)), undefined);
});

test("a long sentence is cut, so that the error fits into a packet", () => {
  ok(payloadOf(encodeErrorFrame("malformed-role", "x".repeat(5_000))).length < 500);
});
