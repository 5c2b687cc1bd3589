/** Parts of a connection by themselves: what the kernel has taken, and who speaks for a member. */
import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { writePing } from "@sluice/protocol/full";
import { settle } from "@sluice/testkit";
import type { HandedOver, Peer } from "../../peer.ts";
import { MemberOwners } from "../member-owners.ts";
import { Outbox } from "../outbox.ts";

const nothing = (): void => {};

test("what was written is handed over when the kernel has taken all of it, and not before", async () => {
  const taken: (HandedOver | undefined)[] = [];
  const peer: Peer = {
    congested: false,
    write: (_, handedOver) => taken.push(handedOver),
    pause: nothing,
    resume: nothing,
    refuse: nothing,
    finish: nothing,
    grown: nothing,
    destroy: nothing,
  };
  const outbox = new Outbox({ peer, changed: nothing });
  const handed: string[] = [];
  const write = (name: string): void => {
    writePing(outbox.to, 1);
    outbox.written(() => handed.push(name));
  };
  write("a");
  write("b");
  await settle();
  write("c");
  await settle();
  equal(taken.length, 1, "one write at a time");
  deepEqual(handed, []);
  taken.shift()?.();
  deepEqual(handed, ["a", "b"]);
  equal(outbox.handedBytes, 18);
  await settle();
  taken.shift()?.();
  deepEqual(handed, ["a", "b", "c"]);
  write("d");
  await settle();
  taken.shift()?.(new Error("the peer is gone"));
  deepEqual(handed, ["a", "b", "c"]);
});

test("the end of an old connection takes nothing from the one that has replaced it", () => {
  const owners = new MemberOwners();
  const replaced: string[] = [];
  const [a, b, c] = ["a", "b", "c"].map((name) => ({ replaced: () => void replaced.push(name) }));
  if (a === undefined || b === undefined || c === undefined) throw new Error("there are three");
  owners.take("g", "m", a);
  owners.take("g", "m", b);
  owners.drop("g", "m", a);
  owners.take("g", "m", c);
  deepEqual(replaced, ["a", "b"]);
  owners.drop("g", "m", c);
  owners.take("g", "m", a);
  deepEqual(replaced, ["a", "b"]);
});
