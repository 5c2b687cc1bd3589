/** The tables of limits in docs/protocol.md say what the code does: each row, with its number and a reason. */
import { deepEqual, ok } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { maxHeaderSize } from "node:http";
import { join } from "node:path";
import { test } from "node:test";
import { classicFrameBytesMax, frameBytesCeiling, roleBytesMax } from "@sluice/protocol";
import * as full from "@sluice/protocol/full";
import * as broker from "../../broker/limits.ts";
import { nameLengthMax } from "../../broker/names.ts";
import * as rules from "../../queue/limits.ts";
import { messageBodyBytesMax, visibilityTimeoutMsMax } from "../../queue/limits.ts";
import * as http from "../http/limits.ts";
import { defaultFullLimits as fullLimits } from "../tcp/full/limits.ts";
import { defaultTcpLimits as tcp } from "../tcp/limits.ts";
import * as web from "../websocket/limits.ts";

const page = readFileSync(join(import.meta.dirname, "../../../../../docs/protocol.md"), "utf8");

const bytes = (count: number): string =>
  count >= 1024 * 1024 ? `${count / 1024 / 1024} MiB` : count >= 8 * 1024 ? `${count / 1024} KiB` : n(count);
const n = (count: number): string => count.toLocaleString("en-US");
const seconds = (ms: number): string => `${ms / 1_000} s`;
const { liveBufferBytesMax } = broker.defaultBrokerLimits;

/** For each row what its bound has to say; the page may say more. */
const classic: Readonly<Record<string, readonly string[]>> = {
  "payload of a frame": [bytes(classicFrameBytesMax), bytes(frameBytesCeiling), bytes(tcp.frameBytesMax)],
  "framed role": [bytes(roleBytesMax)],
  "time for the role": [seconds(tcp.roleTimeoutMs)],
  connections: [n(tcp.connectionCountMax)],
  "held for an incomplete frame": ["at most twice"],
  "messages of a producer that wait for the broker": [bytes(tcp.unansweredBytesMax)],
  "messages in one batch to the broker": [n(tcp.batchCountMax)],
  "waiting for a topic consumer": ["`CONSUMER_CHANNEL_BUFFER_SIZE`", bytes(liveBufferBytesMax)],
  "waiting for one socket, beside what the kernel took": [bytes(tcp.unsentBytesMax)],
  "held by all connections of the port, SLUICE/1 included: half frames, messages without an answer, what waits to be sent":
    [bytes(tcp.totalBytesMax)],
  "deliveries to a queue consumer at a time": ["256", bytes(tcp.windowBytes)],
  "lease of such a delivery": [seconds(tcp.leaseMs)],
  "after the last word": [seconds(tcp.lingerMs)],
  "shutting down": [seconds(tcp.drainMs)],
};

const overHttp: Readonly<Record<string, readonly string[]>> = {
  "connections of a port, WebSockets included": ["10,000"],
  "path and headers of a request": [bytes(maxHeaderSize)],
  "a whole request": ["30 s", "10 s"],
  "request bodies on their way, of all connections": ["256 MiB"],
  "request body": [bytes(http.requestBytesMax)],
  "message body": [bytes(http.messageBytesMax)],
  "messages of one enqueue, receipts of one ack": [n(http.batchCountMax), bytes(broker.batchBytesMax)],
  "receipts, messages and records of a transaction": [
    n(http.transactionCountMax),
    bytes(broker.batchBytesMax),
  ],
  "attributes of a message": [n(http.attributeCountMax), bytes(http.attributesBytesMax)],
  "`groupId`, `deduplicationId`": [bytes(http.idBytesMax), n(rules.idBytesMax)],
  "`reason` of a nack": [n(http.reasonLengthMax), n(rules.lastErrorCharactersMax)],
  "key of a record": [n(http.keyLengthMax)],
  "messages of one dequeue, records of one read, a page of messages or dead letters": [
    n(http.answerCountMax),
    bytes(http.answerBytesMax),
  ],
  "`waitSeconds`": [n(http.waitSecondsMax)],
  "a page of queues or topics": [n(http.pageCountMax)],
  "visibility timeout": [
    `${http.hideSecondsMax / 3_600} hours`,
    `${rules.visibilityTimeoutMsMax / 3_600_000} hours`,
  ],
  "every other delay, time to live": [
    `${http.delaySecondsMax / 31_536_000} years`,
    `${rules.delayMsMax / 31_536_000_000} years`,
  ],
  "`deduplicationWindowSeconds`": [
    n(http.deduplicationWindowSecondsMax),
    n(rules.deduplicationWindowMsMax / 1_000),
  ],
};

const overFull: Readonly<Record<string, readonly string[]>> = {
  "payload of a frame": [bytes(full.fullFrameBytesMax)],
  body: [bytes(messageBodyBytesMax)],
  "bodies and keys of a send, publish or transaction": [bytes(broker.batchBytesMax)],
  "messages of a send, records of a publish, receipts of an ack; all of them of a transaction": [
    n(full.entryCountMax),
    n(broker.batchCountMax),
  ],
  "deliveries of a receive, records of a fetch, messages of a browse": [
    n(full.answerCountMax),
    n(broker.countPerRequestMax),
  ],
  "topics of a join or commit, publishes, sends or acks of a transaction": [n(full.partCountMax)],
  "partitions of a commit": [n(full.partitionCountMax)],
  "attributes of a message": [
    n(full.attributeCountMax),
    bytes(full.attributesBytesMax),
    n(broker.attributeCountMax),
    bytes(broker.attributesBytesMax),
  ],
  names: [n(nameLengthMax)],
  "group id; deduplication id": [n(rules.idBytesMax)],
  "delay of a message or nack": [`${rules.delayMsMax / (365 * 86_400_000)} years`],
  "token; name of client and producer; sentence; error of a nack": [
    bytes(full.tokenBytesMax),
    n(full.sentenceBytesMax),
    n(full.errorBytesMax),
  ],
  "time for hello": [seconds(fullLimits.helloTimeoutMs)],
  "requests under way": [n(fullLimits.requestCountMax), bytes(fullLimits.requestBytesMax)],
  "receives, fetches and browses under way": [n(fullLimits.readCountMax), bytes(fullLimits.readBytesMax)],
  "waiting to be sent": [bytes(fullLimits.pushBytes), bytes(fullLimits.outgoingBytesMax)],
  "held by all connections of the port, classic ones included: requests, half frames, answers": [
    bytes(tcp.totalBytesMax),
  ],
  "subscriptions and memberships of a connection": [n(fullLimits.subscriptionCountMax)],
  "credit of a subscription": [n(fullLimits.creditMax)],
  "deliveries that are remembered to be given back with the connection": [n(fullLimits.heldCountMax)],
  "buffer of a live subscription": [n(fullLimits.bufferCountMax), bytes(liveBufferBytesMax)],
  "live subscribers of a topic": [n(fullLimits.subscriberCountMax)],
  "visibility timeout; wait": [
    `${visibilityTimeoutMsMax / 3_600_000} hours`,
    `${broker.waitMsMax / 60_000} minutes`,
  ],
  drain: [seconds(tcp.drainMs)],
};

const json = web.defaultJsonLimits;
const overWebSocket: Readonly<Record<string, readonly string[]>> = {
  "connections of `sluice.json`": [n(json.connectionCountMax)],
  "a message": [bytes(web.jsonMessageBytesMax), `${bytes(web.framedMessageBytesMax - 4)} and 4 bytes`],
  "requests under way": [n(json.requestCountMax), bytes(json.requestBytesMax)],
  "dequeues under way": [n(json.readCountMax), bytes(json.readBytesMax)],
  "subscriptions of a connection": [n(json.subscriptionCountMax)],
  "credit of a subscription": [n(json.creditMax)],
  "deliveries that are remembered to be given back with the connection": [n(json.heldCountMax)],
  "waiting to be sent": [bytes(json.pushBytes), bytes(json.outgoingBytesMax)],
  "buffer of a topic subscription": [n(json.bufferCountMax), bytes(liveBufferBytesMax)],
  "held by all connections together, framed TCP included: unfinished messages, requests, what waits to be sent":
    [bytes(tcp.totalBytesMax)],
  "silence; a message that is not completed; bytes that nobody takes": [
    seconds(2 * json.heartbeatMs),
    `${seconds(json.stallMs)}; ${seconds(json.stallMs)}`,
  ],
  "answer to a close frame": [seconds(web.closeTimeoutMs)],
  "messages in a row that are no requests": [n(json.malformedCountMax)],
  "shutting down": [seconds(json.drainMs)],
};

for (const [heading, table] of [
  ["## 6. Limits", classic],
  ["## 9. HTTP limits", overHttp],
  ["### Limits", overFull],
  ["## 12. WebSocket limits", overWebSocket],
] as const) {
  test(`the table under "${heading}"`, () => {
    const [, text = ""] = new RegExp(`\n${heading}\n([^#]*)`).exec(page) ?? [];
    const rows = text.matchAll(/^\| (.*?) \| (.*?) \| (.*?) \|$/gm);
    const bounds = new Map(
      Array.from(rows, ([, what = "", bound = "", why = ""]) => [what, { bound, why }] as const).filter(
        ([what]) => what !== "what" && what !== "---",
      ),
    );
    deepEqual([...bounds.keys()], Object.keys(table));
    for (const [what, { bound, why }] of bounds) {
      ok(why.trim().length > 0, `${what} has a reason`);
      for (const part of table[what] ?? []) ok(bound.includes(part), `${what}: '${bound}' says '${part}'`);
    }
  });
}
