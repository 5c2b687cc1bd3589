/** The JSON hub protocol record by record: what each one means, and which are refused. */
import { deepEqual, equal, throws } from "node:assert/strict";
import { test } from "node:test";
import { pingRecord, readMessage, writeClose, writeCompletion, writeInvocation } from "./json-protocol.ts";

const textOf = (record: Uint8Array): string => new TextDecoder().decode(record);

test("what clients send", () => {
  const invocation = { target: "Join", args: ["c1"], uploads: false };
  const table: readonly [string, ReturnType<typeof readMessage>][] = [
    [
      '{"type":1,"invocationId":"7","target":"Join","arguments":["c1"]}',
      { ok: true, message: { kind: "invocation", invocationId: "7", ...invocation } },
    ],
    [
      '{"type":1,"target":"Join","arguments":["c1"],"headers":{},"extra":1}',
      { ok: true, message: { kind: "invocation", invocationId: undefined, ...invocation } },
    ],
    [
      '{"type":1,"invocationId":null,"target":"Join","arguments":["c1"],"streamIds":["1"]}',
      { ok: true, message: { kind: "invocation", invocationId: undefined, ...invocation, uploads: true } },
    ],
    [
      '{"type":4,"invocationId":"8","target":"Join","arguments":["c1"]}',
      { ok: true, message: { kind: "stream-invocation", invocationId: "8", ...invocation } },
    ],
    ['{"type":2,"invocationId":"7","item":1}', { ok: true, message: { kind: "ignored" } }],
    ['{"type":5,"invocationId":"7"}', { ok: true, message: { kind: "ignored" } }],
    ['{"type":6}', { ok: true, message: { kind: "ping" } }],
    ['{"type":7}', { ok: true, message: { kind: "close", error: undefined } }],
    ['{"type":7,"error":"tired"}', { ok: true, message: { kind: "close", error: "tired" } }],
    ['{"type":99}', { ok: true, message: { kind: "ignored" } }],
  ];
  for (const [record, expected] of table) deepEqual(readMessage(record), expected, record);
});

test("what is refused, with a sentence that says why", () => {
  const table: readonly [string, string][] = [
    ["", "The record is not JSON."],
    ['{"type":1', "The record is not JSON."],
    ["null", "The record is not a JSON object."],
    ["[1]", "The record is not a JSON object."],
    ['"ping"', "The record is not a JSON object."],
    ["{}", "The property 'type' is missing or not a number."],
    ['{"type":"1"}', "The property 'type' is missing or not a number."],
    ['{"type":1,"arguments":[]}', "The property 'target' is missing or not text."],
    ['{"type":1,"target":5,"arguments":[]}', "The property 'target' is missing or not text."],
    ['{"type":1,"target":"Join"}', "The property 'arguments' is missing or not a list."],
    ['{"type":1,"target":"Join","arguments":{}}', "The property 'arguments' is missing or not a list."],
    [
      '{"type":1,"target":"Join","arguments":[],"invocationId":7}',
      "The property 'invocationId' is not text.",
    ],
    ['{"type":4,"target":"Join","arguments":[]}', "The property 'invocationId' is missing."],
  ];
  for (const [record, error] of table) deepEqual(readMessage(record), { ok: false, error }, record);
});

test("what the server writes: nothing absent is written, least of all as null", () => {
  const table: readonly [Uint8Array, string][] = [
    [writeInvocation("Heard", [1, null]), '{"type":1,"target":"Heard","arguments":[1,null]}'],
    [writeCompletion("7", { result: { a: 1 } }), '{"type":3,"invocationId":"7","result":{"a":1}}'],
    [writeCompletion("7", { result: undefined }), '{"type":3,"invocationId":"7"}'],
    [writeCompletion("7", { result: null }), '{"type":3,"invocationId":"7","result":null}'],
    [writeCompletion("7", { error: "no" }), '{"type":3,"invocationId":"7","error":"no"}'],
    [writeClose({}), '{"type":7}'],
    [writeClose({ error: "no", allowReconnect: false }), '{"type":7,"error":"no"}'],
    [writeClose({ allowReconnect: true }), '{"type":7,"allowReconnect":true}'],
    [pingRecord, '{"type":6}'],
  ];
  for (const [record, expected] of table) equal(textOf(record), `${expected}\x1e`);
  throws(() => writeCompletion("7", { result: 1n }), TypeError);
});
