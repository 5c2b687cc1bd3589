/** What Redis says, cut anywhere, is read as it was said. */
import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { encodeCommand, RespError, RespReader, type RespReply } from "./resp.ts";

test("a command is an array of bulk strings", () => {
  equal(
    encodeCommand(["XACK", "s", Buffer.from("1-0")]).toString(),
    "*3\r\n$4\r\nXACK\r\n$1\r\ns\r\n$3\r\n1-0\r\n",
  );
});

/** Bytes as text, for comparing. */
const readable = (reply: RespReply): unknown => {
  if (reply instanceof RespError) return { error: reply.sentence };
  if (reply instanceof Uint8Array) return { bulk: Buffer.from(reply).toString() };
  return Array.isArray(reply) ? reply.map(readable) : reply;
};

const said =
  "+OK\r\n:42\r\n$-1\r\n*-1\r\n$0\r\n\r\n$4\r\na\r\nb\r\n*2\r\n$1\r\ns\r\n*1\r\n*2\r\n$3\r\n1-0\r\n*0\r\n-ERR no such key\r\n";
const replies = [
  "OK",
  42,
  null,
  null,
  { bulk: "" },
  { bulk: "a\r\nb" },
  [{ bulk: "s" }, [[{ bulk: "1-0" }, []]]],
  { error: "ERR no such key" },
];

test("every kind of reply, whole", () => {
  deepEqual(new RespReader().push(Buffer.from(said)).map(readable), replies);
});

test("every kind of reply, cut at every byte", () => {
  for (let cut = 1; cut < said.length; cut++) {
    const reader = new RespReader();
    const parts = [said.slice(0, cut), said.slice(cut)];
    deepEqual(
      parts.flatMap((part) => reader.push(Buffer.from(part))).map(readable),
      replies,
      `cut at ${cut}`,
    );
  }
});

test("what is no reply is an error, and nothing is waited for", () => {
  const [reply] = new RespReader().push(Buffer.from("HTTP/1.1 200\r\n"));
  deepEqual(reply, new RespError("there came a line that is no reply: HTTP/1.1 200"));
});
