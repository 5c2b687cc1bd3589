/** What a session is known by: an id that leads to its room's partition, and a token that only we can make. */
import { equal, match, ok } from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "@sluice/runtime";
import fc from "fast-check";
import { pollIntervalMs } from "./poll-interval.ts";
import { newSessionId, partitionOfSession } from "./session-id.ts";
import { SessionTokens } from "./session-token.ts";

test("a session id carries its partition and is a UUID of version 8 that sorts by time", () => {
  const random = seededRandom(1);
  fc.assert(
    fc.property(fc.nat(4095), fc.nat(2 ** 47), (partition, wallMs) => {
      const id = newSessionId(random, wallMs, partition);
      match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      equal(partitionOfSession(id), partition);
      ok(id < newSessionId(random, wallMs + 1, 0));
    }),
  );
});

test("what is no session id leads nowhere", () => {
  const id = newSessionId(seededRandom(1), 0, 3);
  for (const wrong of [
    "",
    "x",
    id.toUpperCase().replace(/^0/, "A"),
    id.slice(1),
    `${id}0`,
    id.replace("-8", "-7"),
  ]) {
    equal(partitionOfSession(wrong), undefined, wrong);
  }
});

test("a session token fits its session and no other, under one secret", () => {
  const tokens = new SessionTokens(Buffer.alloc(32, 1).toString("base64url"));
  const others = new SessionTokens(Buffer.alloc(32, 2).toString("base64url"));
  const token = tokens.of("a");
  equal(token.length, 43);
  ok(tokens.matches("a", token));
  for (const wrong of ["", token.slice(0, -1), `${token}AAAA`, tokens.of("b"), others.of("a")]) {
    equal(tokens.matches("a", wrong), false, wrong);
  }
});

test("who is near the front asks often, who is far away seldom, and no two at the same time", () => {
  const random = seededRandom(1);
  const spread = (position: number): [number, number] => {
    const waits = Array.from({ length: 500 }, () => pollIntervalMs("waiting", position, random) ?? 0);
    return [Math.min(...waits), Math.max(...waits)];
  };
  const table: [position: number, leastMs: number, mostMs: number][] = [
    [1, 800, 1_200],
    [101, 1_600, 2_400],
    [1_001, 8_800, 13_200],
    [1_000_000, 24_000, 36_000],
  ];
  for (const [position, leastMs, mostMs] of table) {
    const [least, most] = spread(position);
    ok(
      least >= leastMs && most <= mostMs && most - least > (mostMs - leastMs) / 2,
      `${position}: ${least} to ${most}`,
    );
  }
  equal(pollIntervalMs("completed", 0, random), null);
  equal(pollIntervalMs("left", 0, random), null);
});
