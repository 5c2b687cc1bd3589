/** The shop against a stand-in for Sluice: serves whom the waiting room let in, once each, and turns away who was not. */
import { deepEqual, equal, match } from "node:assert/strict";
import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { seededRandom, systemClock } from "@sluice/runtime";
import { Shop, type ShopOptions } from "./shop.ts";

const ours = generateKeyPairSync("ed25519");
const stranger = generateKeyPairSync("ed25519");

const base64 = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");

/** A QUEUE_READY of `user`, whose token says what `claims` says on top, signed by `key`. */
function ready(user: string, claims: object = {}, key: KeyObject = ours.privateKey): string {
  const exp = Math.floor(systemClock.now().wallMs / 1000) + 900;
  const of = { session_id: `session-of-${user}`, user_id: user, event_id: "gala" };
  const body = { sub: of.session_id, user_id: user, event_id: "gala", exp, ...claims };
  const signed = `${base64({ alg: "EdDSA", kid: "k1" })}.${base64(body)}`;
  const checkout_token = `${signed}.${sign(null, Buffer.from(signed), key).toString("base64url")}`;
  return JSON.stringify({ ...of, checkout_token, expires_at: new Date(exp * 1000).toISOString() });
}

interface Said {
  readonly published: Record<string, unknown>[];
  readonly lines: string[];
}

/** Runs a shop on these records of two partitions until it has served `countMax`. The first request for keys and the first publish fail. */
async function open(
  partitions: readonly (readonly string[])[],
  options: Partial<ShopOptions>,
): Promise<Said> {
  const said: Said = { published: [], lines: [] };
  const failures = new Set(["/.well-known/jwks.json", "/publish"]);
  const answer = (response: ServerResponse, status: number, body: unknown): void => {
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  };
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://shop");
    if (failures.delete(pathname)) return answer(response, 503, "try again");
    if (pathname === "/.well-known/jwks.json") {
      return answer(response, 200, { keys: [{ ...ours.publicKey.export({ format: "jwk" }), kid: "k1" }] });
    }
    if (pathname === "/publish") {
      said.published.push(JSON.parse(String(Buffer.concat(await request.toArray()))));
      return answer(response, 201, {});
    }
    const records = partitions[Number(searchParams.get("partition"))];
    if (records === undefined) return answer(response, 404, {});
    const offset = Number(searchParams.get("offset"));
    const rest = records.slice(offset).map((body, index) => ({ body, offset: offset + index }));
    // Nothing new: the request waits until the shop gives up, as a long poll does.
    if (rest.length > 0 || !searchParams.has("waitSeconds")) answer(response, 200, { records: rest });
  };
  const server = createServer((request, response) => void serve(request, response)).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const shop = new Shop({
    url: `http://127.0.0.1:${port}`,
    thinkMs: 0,
    shares: { completed: 1, failed: 0 },
    countMax: 1,
    // Pauses end at once: a test waits for nothing but the stand-in.
    clock: { now: () => systemClock.now(), after: (_delayMs, fire) => systemClock.after(0, fire) },
    random: seededRandom(1),
    say: (line) => said.lines.push(line),
    ...options,
  });
  await shop.run(new AbortController().signal);
  server.closeAllConnections();
  server.close();
  await once(server, "close");
  return said;
}

test("everybody who was admitted is served once, in all partitions, whatever fails on the way", async () => {
  const { published } = await open([[ready("ann"), ready("ben")], [ready("cleo")]], { countMax: 3 });
  deepEqual(
    published.map(({ topic, key }) => [topic, key]),
    Array(3).fill(["CHECKOUT_COMPLETED", "gala"]),
  );
  const events = published.map(({ body }) => JSON.parse(String(body)));
  deepEqual(events.map(({ user_id }) => user_id).sort(), ["ann", "ben", "cleo"]);
  deepEqual(Object.keys(events[0]).sort(), [
    "amount",
    "event_id",
    "order_id",
    "payment_id",
    "session_id",
    "tickets",
    "timestamp",
    "user_id",
  ]);
});

test("a checkout can fail or expire as well", async () => {
  for (const [shares, topic, field] of [
    [{ completed: 0, failed: 1 }, "CHECKOUT_FAILED", "error_message"],
    [{ completed: 0, failed: 0 }, "CHECKOUT_EXPIRED", "expired_at"],
  ] as const) {
    const { published } = await open([[ready("ann")]], { shares });
    equal(published[0]?.topic, topic);
    equal(typeof JSON.parse(String(published[0]?.body))[field], "string");
  }
});

test("who comes without a valid token is turned away", async () => {
  const strangers: [string, RegExp][] = [
    [ready("ann", {}, stranger.privateKey), /signature/],
    [ready("ann", { sub: "session-of-ben" }), /somebody else/],
    [ready("ann", { event_id: "derby" }), /somebody else/],
    [ready("ann", { exp: 1 }), /expired/],
    ["{}", /no QUEUE_READY/],
    ["not JSON", /no QUEUE_READY/],
  ];
  for (const [record, sentence] of strangers) {
    const { published, lines } = await open([[record, ready("zoe")]], {});
    equal(published.length, 1);
    match(lines.join("\n"), sentence);
  }
});
