/** The waiting room from the outside: what visitors, the operator and the shop see. */
import { deepEqual, equal, match, notEqual, ok } from "node:assert/strict";
import { test } from "node:test";
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from "jose";
import { checkoutCompleted, checkoutExpired, checkoutFailed, waitroomPartitionCounts } from "../src/index.ts";
import { type Answer, World } from "./world.ts";

const timestamp = "2026-01-01T13:00:00.000+01:00";

const completed = ({ body }: Answer, event_id = "concert", user_id = "ann") => ({
  order_id: "order-1",
  session_id: String(body.session_id),
  user_id,
  event_id,
  tickets: [{ id: "t1", seat_no: "A1", category: "floor", price: 80.5 }],
  payment_id: "payment-1",
  amount: 80.5,
  timestamp,
});

test("a shop that reads before the first visitor has come finds empty topics, not none", async () => {
  await using world = await World.open();
  for (const topic of waitroomPartitionCounts.keys())
    equal(await world.engine.partitionCount(topic), 8, topic);
  equal(await world.engine.endOffset("QUEUE_READY", 0), 0);
});

test("a visitor joins below capacity and gets a checkout token that the shop can verify", async () => {
  await using world = await World.open();
  const joined = await world.join("concert", "ann");
  equal(joined.status, 201);
  const { session_id, session_token, ...rest } = joined.body;
  match(String(session_id), /^[0-9a-f-]{36}$/);
  match(String(session_token), /^[\w-]{43}$/);
  deepEqual(rest, {
    position: 0,
    status: "ready",
    joined_at: "2026-01-01T12:00:00Z",
    estimated_wait_seconds: 0,
    next_poll_ms: 0,
    durability: "memory",
  });

  const seen = await world.look(joined);
  equal(seen.status, 200);
  equal(seen.headers["cache-control"], "no-store");
  equal(seen.body.session_token, undefined);
  equal(seen.body.admitted_at, "2026-01-01T12:00:00Z");
  equal(seen.body.expires_at, "2026-01-01T12:15:00Z");

  const jwks = await world.request("GET", "/.well-known/jwks.json");
  const { payload, protectedHeader } = await jwtVerify(
    String(seen.body.checkout_token),
    createLocalJWKSet(jwks.body as unknown as JSONWebKeySet),
    { issuer: "sluice-waitroom", algorithms: ["EdDSA"], currentDate: new Date("2026-01-01T12:14:59Z") },
  );
  ok(protectedHeader.kid);
  ok(payload.jti);
  deepEqual(payload, {
    iss: "sluice-waitroom",
    sub: session_id,
    jti: payload.jti,
    event_id: "concert",
    user_id: "ann",
    iat: Date.parse("2026-01-01T12:00:00Z") / 1000,
    exp: Date.parse("2026-01-01T12:15:00Z") / 1000,
  });
  ok(!("d" in ((jwks.body.keys as object[])[0] ?? {})), "the private half stays here");

  deepEqual(await world.events("QUEUE_JOINED"), [
    {
      session_id,
      user_id: "ann",
      event_id: "concert",
      position: 1,
      joined_at: "2026-01-01T12:00:00Z",
      timestamp: "2026-01-01T12:00:00.250Z",
    },
  ]);
  deepEqual(await world.events("QUEUE_READY"), [
    {
      session_id,
      user_id: "ann",
      event_id: "concert",
      checkout_token: seen.body.checkout_token,
      admitted_at: "2026-01-01T12:00:00Z",
      expires_at: "2026-01-01T12:15:00Z",
      timestamp: "2026-01-01T12:00:00.250Z",
    },
  ]);
});

test("the shop ends checkouts, and the line moves up by one each time", async () => {
  await using world = await World.open();
  equal((await world.capacity("concert", 1)).status, 201);
  const ann = await world.join("concert", "ann");
  const ben = await world.join("concert", "ben");
  const cleo = await world.join("concert", "cleo");
  const dan = await world.join("concert", "dan");
  deepEqual(
    [ann, ben, cleo, dan].map(({ body }) => [body.status, body.position]),
    [
      ["ready", 0],
      ["waiting", 1],
      ["waiting", 2],
      ["waiting", 3],
    ],
  );

  await world.publish(checkoutCompleted, completed(ann));
  equal((await world.look(ann)).body.status, "completed");
  equal((await world.look(ann)).body.next_poll_ms, null);
  equal((await world.look(ben)).body.status, "ready");
  equal((await world.look(cleo)).body.position, 1);

  const { order_id, session_id, user_id, event_id } = completed(ben);
  await world.publish(checkoutFailed, {
    order_id,
    session_id,
    user_id,
    event_id,
    reason: "payment_failed",
    error_message: "card declined",
    timestamp,
  });
  equal((await world.look(ben)).body.status, "failed");
  equal((await world.look(cleo)).body.status, "ready");

  await world.publish(checkoutExpired, {
    ...{ order_id, user_id, event_id, timestamp },
    session_id: String(cleo.body.session_id),
    tickets: [],
    expired_at: timestamp,
  });
  equal((await world.look(cleo)).body.status, "expired");
  equal((await world.look(dan)).body.status, "ready");
  equal((await world.events("QUEUE_READY")).length, 4);
  deepEqual((await world.request("GET", "/api/v1/waitroom/events/concert")).body, {
    event_id: "concert",
    status: "open",
    capacity: 1,
    waiting: 0,
    processing: 1,
    joined: 4,
    completed: 1,
    failed: 1,
    expired: 1,
    left: 0,
    durability: "memory",
  });
});

test("what the shop says twice, too early, or about nobody is warned about and changes nothing", async () => {
  await using world = await World.open();
  await world.capacity("concert", 1);
  const ann = await world.join("concert", "ann");
  const ben = await world.join("concert", "ben");
  const cleo = await world.join("concert", "cleo");
  await world.publish(checkoutCompleted, completed(ben));
  await world.publish(checkoutCompleted, { ...completed(ann), session_id: "nobody" });
  await world.publish(checkoutCompleted, completed(ann, "another-room"));
  equal((await world.look(ann)).body.status, "ready");

  await world.publish(checkoutCompleted, completed(ann));
  await world.publish(checkoutCompleted, completed(ann));
  equal((await world.look(ben)).body.status, "ready");
  equal((await world.look(cleo)).body.status, "waiting");
  deepEqual(
    world.logged.filter(({ level }) => level === "warn").map(({ refusal }) => refusal),
    ["session-not-ready", "unknown-session", "unknown-session", "session-ended"],
  );

  // A restart reads none of them again.
  await world.restart();
  await world.quiet();
  equal(world.logged.filter(({ level }) => level === "warn").length, 4);
  equal((await world.look(cleo)).body.status, "waiting");
});

test("an event without an envelope and with fields that we do not know is heard; one that is broken goes to the dead letters", async () => {
  await using world = await World.open();
  await world.capacity("concert", 1);
  const ann = await world.join("concert", "ann");
  const ben = await world.join("concert", "ben");
  await world.publishBare("CHECKOUT_FAILED", "concert", "not JSON");
  await world.publishBare("CHECKOUT_FAILED", "concert", JSON.stringify({ event_id: "concert" }));
  equal((await world.look(ann)).body.status, "ready");
  const { tickets: _, ...bare } = completed(ann);
  await world.publishBare("CHECKOUT_FAILED", "concert", JSON.stringify({ ...bare, reason: "x", shop: 7 }));
  equal((await world.look(ann)).body.status, "failed");
  equal((await world.look(ben)).body.status, "ready");
  let deadLetters = 0;
  for (let partition = 0; partition < 8; partition++) {
    deadLetters += await world.engine.endOffset("CHECKOUT_FAILED.dlq", partition);
  }
  equal(deadLetters, 2);
});

test("a visitor who leaves is out at once, and can join again at the end", async () => {
  await using world = await World.open();
  await world.capacity("concert", 1);
  const ann = await world.join("concert", "ann");
  const ben = await world.join("concert", "ben");
  const cleo = await world.join("concert", "cleo");
  const left = await world.leave(ben);
  deepEqual([left.status, left.body.status, left.body.position], [200, "left", 0]);
  equal((await world.look(cleo)).body.position, 1);
  await world.leave(ann);
  await world.leave(ann);
  equal((await world.look(cleo)).body.status, "ready");
  deepEqual(
    (await world.events("QUEUE_LEFT")).map(({ user_id, reason, left_at }) => [user_id, reason, left_at]),
    [
      ["ben", "user_left", "2026-01-01T12:00:00Z"],
      ["ann", "user_left", "2026-01-01T12:00:00Z"],
    ],
  );
  const again = await world.join("concert", "ben");
  equal(again.status, 201);
  notEqual(again.body.session_id, ben.body.session_id);
});

test("a repeated join answers the same session and the same token, and publishes nothing", async () => {
  await using world = await World.open();
  await world.capacity("concert", 0);
  const first = await world.join("concert", "ann");
  const second = await world.join("concert", "ann");
  deepEqual([first.status, second.status], [201, 200]);
  deepEqual({ ...second.body, next_poll_ms: 0 }, { ...first.body, next_poll_ms: 0 });
  equal((await world.events("QUEUE_JOINED")).length, 1);
  const elsewhere = await world.join("derby", "ann");
  notEqual(elsewhere.body.session_id, first.body.session_id);
});

test("a slot that nobody uses comes back after 15 minutes", async () => {
  await using world = await World.open();
  await world.capacity("concert", 1);
  const ann = await world.join("concert", "ann");
  const ben = await world.join("concert", "ben");
  await world.clock.advance(14 * 60_000);
  equal((await world.look(ann)).body.status, "ready");
  await world.clock.advance(60_000);
  await world.quiet();
  equal((await world.look(ann)).body.status, "left");
  equal((await world.look(ann)).body.checkout_token, undefined);
  equal((await world.look(ben)).body.status, "ready");
  equal((await world.events("QUEUE_LEFT"))[0]?.reason, "expired");
});

test("after a restart everything stands as it stood, and the token is the same byte for byte", async () => {
  await using world = await World.open();
  await world.capacity("concert", 2);
  const everybody: Answer[] = [];
  for (const user of ["ann", "ben", "cleo", "dan", "eve"]) everybody.push(await world.join("concert", user));
  const [ann] = everybody;
  ok(ann);
  await world.publish(checkoutCompleted, completed(ann));
  const looks = async (): Promise<Answer["body"][]> => {
    const answers = await Promise.all(everybody.map((each) => world.look(each)));
    return answers.map(({ body }) => ({ ...body, next_poll_ms: 0 }));
  };
  const before = await looks();
  await world.restart();
  deepEqual(await looks(), before);
  // The deadlines are armed again as well.
  await world.clock.advance(15 * 60_000);
  await world.quiet();
  deepEqual(
    (await looks()).map(({ status }) => status),
    ["completed", "left", "left", "ready", "ready"],
  );
});

test("a large room is opened and closed in many transactions without being asked again", async () => {
  await using world = await World.open({ batchMax: 10 });
  await world.capacity("sale", 0);
  const everybody = await Promise.all(Array.from({ length: 105 }, (_, n) => world.join("sale", `user-${n}`)));
  ok(everybody.every(({ status }) => status === 201));
  equal((await world.capacity("sale", 55)).body.processing, 10);
  await world.clock.advance(100);
  equal((await world.request("GET", "/api/v1/waitroom/events/sale")).body.processing, 55);
  await world.request("DELETE", "/api/v1/waitroom/events/sale");
  equal((await world.capacity("sale", 55)).body.code, "room-closing");
  await world.clock.advance(100);
  const closed = await world.request("GET", "/api/v1/waitroom/events/sale");
  deepEqual(
    [closed.body.status, closed.body.waiting, closed.body.processing, closed.body.left],
    ["closed", 0, 55, 50],
  );
  equal((await world.join("sale", "late")).body.code, "room-closed");
  ok((await world.events("QUEUE_LEFT")).every(({ reason }) => reason === "expired"));
});
