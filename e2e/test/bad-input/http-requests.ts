/** Requests that nobody should send, and the answer that each of them gets. */
import { equal, ok } from "node:assert/strict";
import { RawHttp } from "../../src/raw-http.ts";

/** What is wrong with it; method and path; the body (an object is sent as JSON); the answer. */
export type BadRequest = readonly [
  what: string,
  request: string,
  body: string | object | undefined,
  status: number,
  code: string,
];

const longText = (bytes: number): string => "x".repeat(bytes);
const deep = "[".repeat(100_000);

export const toBroker: readonly BadRequest[] = [
  ["half an object", "POST /enqueue", '{"body":', 400, "malformed-json"],
  ["no body at all", "POST /enqueue", "", 400, "malformed-json"],
  ["a deep pit", "POST /enqueue", deep, 400, "malformed-json"],
  ["a list", "POST /enqueue", [], 400, "invalid-field"],
  ["nothing to send", "POST /enqueue", { queue: "jobs" }, 400, "missing-field"],
  ["a number as body", "POST /enqueue", { body: 5 }, 400, "invalid-field"],
  ["a name that is none", "POST /enqueue", { queue: "no name!", body: "x" }, 400, "invalid-name"],
  ["a field twice", "POST /enqueue", '{"body": "x", "body": "y"}', 400, "malformed-json"],
  ["before now", "POST /enqueue", { body: "x", delaySeconds: -5 }, 400, "invalid-field"],
  ["more than urgent", "POST /enqueue", { body: "x", priority: 10 }, 400, "invalid-field"],
  ["a field of no version", "POST /enqueue", { body: "x", colour: "red" }, 400, "unknown-field"],
  ["no base64", "POST /enqueue", { body: "%", bodyEncoding: "base64" }, 400, "invalid-field"],
  ["an empty batch", "POST /enqueue", { messages: [] }, 400, "invalid-field"],
  ["more than 1 MiB", "POST /enqueue", { body: longText(1024 * 1024 + 1) }, 413, "body-too-large"],
  ["more than 8 MiB", "POST /enqueue", { body: longText(8 * 1024 * 1024) }, 413, "request-too-large"],
  ["the wrong method", "GET /enqueue", undefined, 405, "method-not-allowed"],
  ["nothing at a time", "GET /dequeue?max=0", undefined, 400, "invalid-field"],
  ["a number of words", "GET /dequeue?max=many", undefined, 400, "invalid-field"],
  ["an hour's wait", "GET /dequeue?waitSeconds=3600", undefined, 400, "invalid-field"],
  ["a parameter of no version", "GET /dequeue?colour=red", undefined, 400, "unknown-field"],
  ["neither receipt nor receipts", "POST /ack", {}, 400, "missing-field"],
  ["a number as receipt", "POST /ack", { queue: "work", receipt: 5 }, 400, "invalid-field"],
  ["a receipt of nobody", "POST /ack", { queue: "work", receipt: "nonsense" }, 404, "unknown-message"],
  ["a queue of nobody", "POST /ack", { queue: "nobodys", receipt: "nonsense" }, 404, "unknown-queue"],
  ["a receipt of nobody", "POST /nack", { queue: "work", receipt: "nonsense" }, 404, "unknown-message"],
  ["days", "POST /extend", { receipt: "x", visibilityTimeoutSeconds: 86_401 }, 400, "invalid-field"],
  ["a number as key", "POST /publish", { topic: "readings", key: 5, body: "x" }, 400, "invalid-field"],
  ["a log of others", "POST /publish", { topic: "waitroom.records", body: "junk" }, 403, "owned-topic"],
  ["a topic of nobody", "GET /v1/topics/nobodys/records", undefined, 404, "unknown-topic"],
  [
    "a partition of none",
    "GET /v1/topics/readings/records?partition=99",
    undefined,
    404,
    "unknown-partition",
  ],
  ["the future", "GET /v1/topics/readings/records?offset=999999999", undefined, 404, "offset-out-of-range"],
  ["before the beginning", "GET /v1/topics/readings/records?offset=-1", undefined, 400, "invalid-field"],
  ["other partitions", "PUT /v1/topics/readings", { partitionCount: 4 }, 422, "invalid-setting"],
  ["a queue of nobody", "GET /v1/queues/nobodys", undefined, 404, "unknown-queue"],
  ["time backwards", "PUT /v1/queues/new", { visibilityTimeoutSeconds: -1 }, 400, "invalid-field"],
  ["other settings", "PUT /v1/queues/work", { visibilityTimeoutSeconds: 7 }, 422, "invalid-setting"],
  ["a setting of no version", "PATCH /v1/queues/work", { colour: "red" }, 400, "unknown-field"],
  ["a purge of others", "POST /v1/queues/nobodys/purge", undefined, 404, "unknown-queue"],
  ["a purge of some", "POST /v1/queues/work/purge", { olderThanSeconds: 5 }, 400, "unknown-field"],
  ["a message of nobody", "DELETE /v1/queues/work/messages/nonsense", undefined, 404, "unknown-message"],
  ["a redrive of nobody", "DELETE /v1/queues/work/redrives/7", undefined, 404, "unknown-redrive"],
  ["a place in no list", "GET /v1/dead-letters?after=nonsense", undefined, 422, "invalid-setting"],
  ["a dead letter of nobody", "DELETE /v1/dead-letters/x?queue=work", undefined, 404, "unknown-message"],
  ["nothing at all", "POST /v1/transactions", {}, 400, "missing-field"],
  [
    "half that cannot be",
    "POST /v1/transactions",
    { messages: [{ queue: "work", body: "x" }], acks: [{ queue: "work", receipts: ["nonsense"] }] },
    404,
    "unknown-message",
  ],
  [
    "others' records for ever",
    "PATCH /v1/topics/waitroom.records",
    { retentionSeconds: 1 },
    403,
    "owned-topic",
  ],
  ["others' topic", "DELETE /v1/topics/waitroom.records", undefined, 403, "owned-topic"],
  ["nothing there", "GET /nothing/there", undefined, 404, "unknown-path"],
];

const join = "/api/v1/waitroom/join";
const events = "/api/v1/waitroom/events";

export const toWaitroom: readonly BadRequest[] = [
  ["half an object", `POST ${join}`, "{", 400, "malformed-json"],
  ["no user", `POST ${join}`, { event_id: "small" }, 400, "missing-field"],
  ["a number as user", `POST ${join}`, { event_id: "small", user_id: 7 }, 400, "invalid-field"],
  ["an empty id", `POST ${join}`, { event_id: "", user_id: "x" }, 400, "invalid-field"],
  ["a long id", `POST ${join}`, { event_id: "small", user_id: longText(129) }, 400, "invalid-field"],
  ["a long body", `POST ${join}`, { event_id: "small", user_id: longText(17_000) }, 413, "request-too-large"],
  ["the wrong method", `PATCH ${join}`, {}, 405, "method-not-allowed"],
  ["a session of nobody", "GET /api/v1/waitroom/sessions/nobody", undefined, 404, "unknown-session"],
  ["a session of nobody", "DELETE /api/v1/waitroom/sessions/nobody", undefined, 404, "unknown-session"],
  ["less than nobody", `PUT ${events}/small`, { capacity: -1 }, 400, "invalid-field"],
  ["half a visitor", `PUT ${events}/small`, { capacity: 1.5 }, 400, "invalid-field"],
  ["a number in quotes", `PUT ${events}/small`, { capacity: "5" }, 400, "invalid-field"],
  ["everybody", `PUT ${events}/small`, { capacity: 10_000_000 }, 400, "invalid-field"],
  ["a room of nobody", `GET ${events}/nobodys`, undefined, 404, "unknown-room"],
  ["a room of nobody", `DELETE ${events}/nobodys`, undefined, 404, "unknown-room"],
  ["nothing there", "GET /api/v1/waitroom/nothing", undefined, 404, "unknown-path"],
];

const conversations = "/api/v1/conversations";
const text = "/api/v1/messages/text";
const good = { conversationId: "parents", senderId: "cleo", senderName: "Cleo", content: "x", mentions: [] };

export const toChat: readonly BadRequest[] = [
  ["half an object", `POST ${text}`, "{", 400, "malformed-json"],
  ["nothing", `POST ${text}`, {}, 400, "invalid-request"],
  ["a number as content", `POST ${text}`, { ...good, content: 5 }, 400, "invalid-request"],
  ["only blanks", `POST ${text}`, { ...good, content: " \n" }, 400, "invalid-request"],
  ["a long message", `POST ${text}`, { ...good, content: longText(16 * 1024 + 1) }, 400, "invalid-request"],
  ["a long body", `POST ${text}`, { ...good, content: longText(300_000) }, 413, "body-too-large"],
  ["a stranger", `POST ${text}`, { ...good, senderId: "stranger" }, 403, "not-a-member"],
  ["no such place", `POST ${text}`, { ...good, conversationId: "nobodys" }, 404, "unknown-conversation"],
  ["a party", `POST ${conversations}`, { type: "party", members: ["a"] }, 400, "invalid-request"],
  [
    "three are no pair",
    `POST ${conversations}`,
    { type: "direct", members: ["a", "b", "c"] },
    400,
    "invalid-request",
  ],
  [
    "others in it",
    `POST ${conversations}`,
    { conversationId: "parents", type: "group", members: ["a"] },
    409,
    "conversation-differs",
  ],
  ["no such place", `GET ${conversations}/nobodys`, undefined, 404, "unknown-conversation"],
  ["no such place", `GET ${conversations}/nobodys/messages`, undefined, 404, "unknown-conversation"],
  ["nothing at a time", `GET ${conversations}/parents/messages?limit=0`, undefined, 400, "invalid-request"],
  [
    "before the beginning",
    `GET ${conversations}/parents/messages?before=0`,
    undefined,
    400,
    "invalid-request",
  ],
  ["nothing there", "POST /api/v1/messages/nothing", {}, 404, "not-found"],
];

/** Sends one and compares the answer. Problem documents and the chat's own form carry the code in different places. */
export async function expectAnswer(
  url: string,
  [what, request, body, status, code]: BadRequest,
): Promise<void> {
  const [method = "", path = ""] = request.split(" ");
  const sent = typeof body === "object" ? JSON.stringify(body) : body;
  const headers = sent === undefined ? {} : { "content-type": "application/json" };
  const response = await fetch(url + path, {
    method,
    headers,
    ...(sent === undefined ? {} : { body: sent }),
  });
  const answer = (await response.json()) as {
    code?: string;
    detail?: string;
    error?: { code: string; message: string };
  };
  const label = `${request}, ${what}: ${response.status} ${JSON.stringify(answer)}`;
  equal(response.status, status, label);
  equal(answer.code ?? answer.error?.code, code, label);
  ok((answer.detail ?? answer.error?.message ?? "").length > 10, `${label} says what is wrong`);
}

const host = "Host: localhost\r\n";
const json = "Content-Type: application/json\r\n";

/** What is not even HTTP, byte by byte, and its status. */
export const notHttp: readonly (readonly [what: string, bytes: string, status: number])[] = [
  ["no request line", "NONSENSE\r\n\r\n", 400],
  ["a role of the other port", "PRODUCER\n", 400],
  ["no host", "GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n", 400],
  ["a huge header", `GET /healthz HTTP/1.1\r\n${host}X: ${longText(64 * 1024)}\r\n\r\n`, 431],
  ["a huge path", `GET /${longText(64 * 1024)} HTTP/1.1\r\n${host}\r\n`, 431],
  ["a length below zero", `POST /enqueue HTTP/1.1\r\n${host}${json}Content-Length: -5\r\n\r\n`, 400],
  [
    "two lengths",
    `POST /enqueue HTTP/1.1\r\n${host}${json}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    400,
  ],
  ["a broken chunk", `POST /enqueue HTTP/1.1\r\n${host}${json}Transfer-Encoding: chunked\r\n\r\nzz\r\n`, 400],
  [
    "an upgrade to nothing",
    `GET /nothing HTTP/1.1\r\n${host}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
    404,
  ],
  [
    "an upgrade without a key",
    `GET /hubs/chat HTTP/1.1\r\n${host}Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\r\n`,
    400,
  ],
];

export async function expectStatus(port: number, bytes: string, status: number): Promise<void> {
  const answer = await RawHttp.ask(port, bytes);
  equal(answer.status, status, `${bytes.slice(0, 100)}: ${answer.head}`);
}
