/** A connection token's life: made, waiting for its transport, used up or forgotten. */
import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "@sluice/runtime";
import { VirtualClock } from "@sluice/testkit";
import { Reservations } from "./reservations.ts";

const unknown = { ok: false, refusal: "unknown-token" };

function opened() {
  const clock = new VirtualClock();
  const limits = { reservationMs: 15_000, reservationCountMax: 3 };
  return { clock, reservations: new Reservations(clock, seededRandom(7), limits) };
}

test("a token is claimed once; while it is in use a second claim is told so", () => {
  const { reservations } = opened();
  const made = reservations.make(1);
  const { connectionId, connectionToken } = made ?? { connectionId: "", connectionToken: "" };
  deepEqual(reservations.claim(connectionId), unknown, "the public name opens nothing");
  deepEqual(reservations.claim(connectionToken), { ok: true, connectionId });
  deepEqual(reservations.claim(connectionToken), { ok: false, refusal: "already-connected" });
  reservations.release(connectionToken);
  deepEqual(reservations.claim(connectionToken), unknown);
});

test("version 0 knows one name only", () => {
  const { reservations } = opened();
  const made = reservations.make(0);
  equal(made?.connectionToken, made?.connectionId);
});

test("a token that nobody claims is forgotten after its time, and makes room", async () => {
  const { clock, reservations } = opened();
  const first = reservations.make(1);
  await clock.advance(10_000);
  const second = reservations.make(1);
  reservations.make(1);
  equal(reservations.make(1), undefined, "three wait already");
  await clock.advance(4_999);
  equal(reservations.make(1), undefined);
  await clock.advance(1);
  equal(reservations.waitingCount, 3);
  equal(reservations.make(1) === undefined, false);
  deepEqual(reservations.claim(first?.connectionToken ?? ""), unknown);
  equal(reservations.claim(second?.connectionToken ?? "").ok, true);
});
