/** The first thing that a client says: every accepted form, every fault, and every way to cut it. */
import { deepEqual, equal, ok } from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { roleBytesMax } from "./frame-limits.ts";
import { encodeFrame } from "./frame-writer.ts";
import { formatRole, isRoleFault, parseRole, type Role } from "./role.ts";
import { RoleReader } from "./role-reader.ts";

const ascii = (text: string): Uint8Array => Uint8Array.from(text, (c) => c.charCodeAt(0));
const framed = (text: string): Uint8Array => encodeFrame(new TextEncoder().encode(text));
const text = (bytes: Uint8Array): string => String.fromCharCode(...bytes);
const concat = (...parts: Uint8Array[]): Uint8Array => Uint8Array.from(parts.flatMap((part) => [...part]));
const firstMessage = framed("hello");

const accepted: readonly (readonly [string, Uint8Array, Role["kind"], Record<string, string>])[] = [
  ["framed producer", framed("PRODUCER"), "producer", {}],
  ["framed consumer", framed("CONSUMER"), "consumer", {}],
  ["bare producer", ascii("PRODUCER"), "producer", {}],
  ["bare consumer", ascii("CONSUMER"), "consumer", {}],
  ["bare with LF", ascii("PRODUCER\n"), "producer", {}],
  ["bare with CRLF", ascii("CONSUMER\r\n"), "consumer", {}],
  ["one parameter", framed("CONSUMER queue=orders"), "consumer", { queue: "orders" }],
  ["two parameters", framed("PRODUCER topic=news token=a%20b"), "producer", { topic: "news", token: "a b" }],
  ["UTF-8 in a value", framed("PRODUCER topic=caf%C3%A9"), "producer", { topic: "café" }],
  ["an equals sign in a value", framed("PRODUCER token=YWI="), "producer", { token: "YWI=" }],
];

for (const [name, role, kind, parameters] of accepted) {
  test(`${name}: read, wherever it is cut, and the first message after it is whole`, () => {
    const stream = concat(role, firstMessage);
    for (let cut = 0; cut <= stream.length; cut++) {
      const reader = new RoleReader();
      const read = readAll(reader, [stream.subarray(0, cut), stream.subarray(cut)]);
      deepEqual(
        [read.kind, read.parameters, text(read.rest)],
        [kind, parameters, text(firstMessage)],
        `cut at ${cut}`,
      );
    }
    const byByte = readAll(
      new RoleReader(),
      [...stream].map((byte) => Uint8Array.of(byte)),
    );
    deepEqual([byByte.kind, text(byByte.rest)], [kind, text(firstMessage)]);
  });
}

test("a bare role counts at its eighth byte: a consumer has nothing more to say", () => {
  equal(new RoleReader().push(ascii("CONSUMER")).state, "role");
});

test("a carriage return alone behind a bare role is not taken for a line end", () => {
  const reader = new RoleReader();
  reader.push(ascii("PRODUCER"));
  equal(text(reader.strip(ascii("\r"))), "");
  equal(text(reader.strip(ascii("x"))), "\rx");
});

test("only one line end is taken", () => {
  const reader = new RoleReader();
  const step = reader.push(ascii("PRODUCER\n\n"));
  equal(step.state === "role" && text(step.rest), "\n");
});

const refused: readonly (readonly [string, Uint8Array, string, RegExp])[] = [
  ["another word, bare", ascii("OBSERVER"), "unknown-role", /"OBSE/],
  ["another word, framed", framed("OBSERVER"), "unknown-role", /"OBSERVER" is not a role/],
  ["lower case", framed("producer"), "unknown-role", /"producer"/],
  ["an empty frame", framed(""), "unknown-role", /PRODUCER, CONSUMER/],
  ["a word that goes wrong at its last byte", ascii("PRODUCEX"), "unknown-role", /PRODUCEX/],
  ["HTTP", ascii("GET / HTTP/1.1\r\n"), "unknown-role", /HTTP_PORT/],
  ["TLS", Uint8Array.of(0x16, 3, 1, 0, 0xa5), "unknown-role", /without TLS/],
  ["binary noise", Uint8Array.of(0xff, 0xfe, 0, 1), "unknown-role", /starts no role/],
  ["a long frame", Uint8Array.of(0, 0, 0x20, 1), "malformed-role", /8193 bytes/],
  ["no UTF-8", concat(Uint8Array.of(0, 0, 0, 2, 0xc3, 0x28)), "malformed-role", /UTF-8/],
  ["a parameter without a value", framed("CONSUMER queue"), "malformed-role", /"queue" is not a parameter/],
  ["an empty value", framed("CONSUMER queue="), "malformed-role", /queue is empty/],
  ["two spaces", framed("CONSUMER  queue=a"), "malformed-role", /"" is not a parameter/],
  ["a trailing space", framed("CONSUMER "), "malformed-role", /"" is not a parameter/],
  ["a parameter twice", framed("CONSUMER queue=a queue=b"), "malformed-role", /given twice/],
  ["a bad escape", framed("CONSUMER queue=%zz"), "malformed-role", /percent-encoded/],
  ["an escape that is no UTF-8", framed("CONSUMER queue=%ff"), "malformed-role", /percent-encoded/],
  ["a name in capitals", framed("CONSUMER Token=a"), "malformed-role", /: "Token" is not a parameter/],
];

for (const [name, bytes, code, sentence] of refused) {
  test(`${name}: ${code}, with a sentence`, () => {
    const step = new RoleReader().push(bytes);
    ok(step.state === "fault", `the answer is ${step.state}`);
    equal(step.fault.code, code);
    ok(sentence.test(step.fault.sentence), step.fault.sentence);
  });
}

test("a role that is not complete is held within its bound and has no other effect", () => {
  const reader = new RoleReader();
  const longest = framed(`PRODUCER token=${"x".repeat(roleBytesMax - "PRODUCER token=".length)}`);
  equal(reader.push(longest.subarray(0, longest.length - 1)).state, "incomplete");
  equal(reader.heldBytes, longest.length - 1);
  equal(reader.push(longest.subarray(longest.length - 1)).state, "role");
});

test("a role is formatted so that it reads back", () => {
  const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,31}$/);
  const value = fc.string({ minLength: 1, unit: "grapheme" });
  fc.assert(
    fc.property(fc.constantFrom("producer", "consumer"), fc.array(fc.tuple(name, value)), (kind, pairs) => {
      const role: Role = { kind, parameters: new Map(pairs) };
      deepEqual(parseRole(formatRole(role)), role);
    }),
  );
});

test("no bytes make the reader throw, and it never holds more than a role may have", () => {
  const start = fc.constantFrom(
    ascii("PRODUCER"),
    ascii("CONS"),
    framed("CONSUMER a=%"),
    Uint8Array.of(0, 0, 0),
  );
  const noise = fc.array(fc.oneof(start, fc.uint8Array({ maxLength: 50 })), { maxLength: 10 });
  fc.assert(
    fc.property(noise, (chunks) => {
      const reader = new RoleReader();
      for (const chunk of chunks) {
        const step = reader.push(chunk);
        ok(reader.heldBytes < 4 + roleBytesMax);
        if (step.state === "role") ok(!isRoleFault(step.role));
        if (step.state === "fault") ok(/^[ -~]+$/.test(step.fault.sentence), "printable");
        if (step.state !== "incomplete") return;
      }
    }),
    { numRuns: 3_000 },
  );
});

function readAll(reader: RoleReader, chunks: readonly Uint8Array[]) {
  let role: Role | undefined;
  const rest: Uint8Array[] = [];
  for (const chunk of chunks) {
    if (role !== undefined) {
      rest.push(reader.strip(chunk));
      continue;
    }
    const step = reader.push(chunk);
    if (step.state !== "role") continue;
    role = step.role;
    rest.push(step.rest);
  }
  return { kind: role?.kind, parameters: Object.fromEntries(role?.parameters ?? []), rest: concat(...rest) };
}
