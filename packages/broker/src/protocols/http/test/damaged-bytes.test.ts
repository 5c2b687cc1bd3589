/** Bodies with a few bytes changed, lost or too many, through the whole of the server: refused or taken for what they have become, never with 500. */
import { equal, ok } from "node:assert/strict";
import { test } from "node:test";
import { type Random, seededRandom } from "@sluice/runtime";
import { openHttp } from "./http-fixture.ts";
import { pick } from "./schema-values.ts";

const requests: readonly (readonly [url: string, body: object])[] = [
  ["/enqueue", { queue: "jobs", body: "resize photo 7", priority: 5, attributes: { colour: "red" } }],
  [
    "/enqueue",
    {
      messages: [
        { body: "eA==", bodyEncoding: "base64" },
        { body: "b\u2603", groupId: "g" },
      ],
    },
  ],
  ["/v1/transactions", { messages: [{ body: "a" }], records: [{ topic: "news", key: "k", body: "b" }] }],
  ["/publish", { topic: "news", body: "\u{1f600}", attributes: { n: { type: "number", value: "4e2" } } }],
];

/** Bytes that mean something in JSON, and bytes that mean nothing in UTF-8. */
const telling = Buffer.from('{}[]":,\\u0e-.\u0000\n ', "utf8");
const broken = [0xff, 0xc0, 0x80, 0xed];

function damaged(text: string, random: Random): Buffer {
  const bytes = [...Buffer.from(text, "utf8")];
  const changes = 1 + Math.floor(random.unit() * 3);
  for (let i = 0; i < changes; i++) {
    const at = Math.floor(random.unit() * bytes.length);
    const count = Math.floor(random.unit() * 4);
    const byte = random.unit() < 0.8 ? pick(random, [...telling]) : pick(random, broken);
    pick(random, [
      () => bytes.splice(at, 1, byte),
      () => bytes.splice(at, 0, byte),
      () => bytes.splice(at, count),
      () => bytes.splice(at, 0, ...bytes.slice(at, at + 4 * count)),
    ])();
  }
  return Buffer.from(bytes);
}

test("3,000 bodies with a few bytes wrong", async () => {
  await using api = await openHttp();
  const random = seededRandom(11);
  const statuses = new Map<number, number>();
  for (let i = 0; i < 3_000; i++) {
    const [url, body] = pick(random, requests);
    const payload = damaged(JSON.stringify(body), random);
    const headers = { "content-type": "application/json" };
    const { statusCode, body: text } = await api.app.inject({ method: "POST", url, payload, headers });
    ok(statusCode < 500, `${url} ${payload.toString("latin1")}: ${text}`);
    equal(typeof JSON.parse(text), "object");
    statuses.set(statusCode, (statuses.get(statusCode) ?? 0) + 1);
  }
  for (const status of [201, 400]) ok((statuses.get(status) ?? 0) > 100, JSON.stringify([...statuses]));
});
