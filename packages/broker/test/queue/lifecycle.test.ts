/** The life of a message, whole: what each command does in each phase. The same table stands in docs/queue.md, and this test compares. */
import { deepEqual, equal } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { suite, test } from "node:test";
import {
  decideAck,
  decideDue,
  decideExtend,
  decideNack,
  decideReceive,
  decideSend,
  noAttributes,
  type Receipt,
} from "../../src/queue/index.ts";
import { QueueWorld } from "./queue-world.ts";

type Phase =
  | "never sent"
  | "ready, new"
  | "ready, again"
  | "delayed"
  | "in flight"
  | "in flight, last receive"
  | "lease over, not yet noticed"
  | "acked"
  | "moved to the dead-letter queue";
type Command =
  | "receive"
  | "ack"
  | "nack"
  | "nack, delay"
  | "nack, uncounted"
  | "extend"
  | "extend by 0"
  | "time passes";
type Outcome =
  | "ready"
  | "delayed"
  | "in flight"
  | "gone"
  | "dead letter"
  | "-"
  | "unknown-message"
  | "stale-receipt";

const unknown = "unknown-message";
const stale = "stale-receipt";

const lifecycle: Record<Phase, Record<Command, Outcome>> = {
  "never sent": {
    receive: "-",
    ack: unknown,
    nack: unknown,
    "nack, delay": unknown,
    "nack, uncounted": unknown,
    extend: unknown,
    "extend by 0": unknown,
    "time passes": "-",
  },
  "ready, new": {
    receive: "in flight",
    ack: unknown,
    nack: unknown,
    "nack, delay": unknown,
    "nack, uncounted": unknown,
    extend: unknown,
    "extend by 0": unknown,
    "time passes": "-",
  },
  "ready, again": {
    receive: "in flight",
    ack: stale,
    nack: stale,
    "nack, delay": stale,
    "nack, uncounted": stale,
    extend: stale,
    "extend by 0": stale,
    "time passes": "-",
  },
  delayed: {
    receive: "-",
    ack: stale,
    nack: stale,
    "nack, delay": stale,
    "nack, uncounted": stale,
    extend: stale,
    "extend by 0": stale,
    "time passes": "ready",
  },
  "in flight": {
    receive: "-",
    ack: "gone",
    nack: "ready",
    "nack, delay": "delayed",
    "nack, uncounted": "ready",
    extend: "-",
    "extend by 0": "ready",
    "time passes": "ready",
  },
  "in flight, last receive": {
    receive: "-",
    ack: "gone",
    nack: "dead letter",
    "nack, delay": "dead letter",
    "nack, uncounted": "ready",
    extend: "-",
    "extend by 0": "dead letter",
    "time passes": "dead letter",
  },
  "lease over, not yet noticed": {
    receive: "-",
    ack: stale,
    nack: stale,
    "nack, delay": stale,
    "nack, uncounted": stale,
    extend: stale,
    "extend by 0": stale,
    "time passes": "ready",
  },
  acked: {
    receive: "-",
    ack: stale,
    nack: stale,
    "nack, delay": stale,
    "nack, uncounted": stale,
    extend: stale,
    "extend by 0": stale,
    "time passes": "-",
  },
  "moved to the dead-letter queue": {
    receive: "-",
    ack: stale,
    nack: stale,
    "nack, delay": stale,
    "nack, uncounted": stale,
    extend: stale,
    "extend by 0": stale,
    "time passes": "-",
  },
};

const [jobs, dead] = [1, 2];
const hourMs = 3_600_000;

/** Brings a message into the phase and returns its receipt. */
const reach: Record<Phase, (world: QueueWorld) => Receipt> = {
  "never sent": () => ({ sequence: 1, lease: 1 }),
  "ready, new": (world) => {
    send(world);
    return { sequence: 1, lease: 1 };
  },
  "ready, again": (world) => given(world, (receipt) => nack(world, receipt, 0, true)),
  delayed: (world) => given(world, (receipt) => nack(world, receipt, hourMs, true)),
  "in flight": (world) => given(world, () => {}),
  "in flight, last receive": (world) => {
    given(world, (receipt) => nack(world, receipt, 0, true));
    return receive(world) ?? { sequence: 0, lease: 0 };
  },
  "lease over, not yet noticed": (world) => given(world, () => world.passUnnoticed(30_000)),
  acked: (world) =>
    given(world, (receipt) => world.submit(decideAck(world.the(jobs), { receipt }, world.now))),
  "moved to the dead-letter queue": (world) => {
    given(world, (receipt) => nack(world, receipt, 0, true));
    const last = receive(world) ?? { sequence: 0, lease: 0 };
    nack(world, last, 0, true);
    return last;
  },
};

const perform: Record<Command, (world: QueueWorld, receipt: Receipt) => unknown> = {
  receive: (world) => receive(world),
  ack: (world, receipt) => world.submit(decideAck(world.the(jobs), { receipt }, world.now)),
  nack: (world, receipt) => nack(world, receipt, 0, true),
  "nack, delay": (world, receipt) => nack(world, receipt, hourMs, true),
  "nack, uncounted": (world, receipt) => nack(world, receipt, 0, false),
  extend: (world, receipt) => extend(world, receipt, hourMs),
  "extend by 0": (world, receipt) => extend(world, receipt, 0),
  "time passes": (world) => {
    world.passUnnoticed(hourMs);
    world.submit(decideDue(world.the(jobs), world.now, world));
  },
};

function given(world: QueueWorld, then: (receipt: Receipt) => unknown): Receipt {
  send(world);
  const receipt = receive(world) ?? { sequence: 0, lease: 0 };
  then(receipt);
  return receipt;
}

function send(world: QueueWorld): void {
  const messages = [{ body: Uint8Array.of(7), attributes: noAttributes }];
  world.submit(decideSend(world.the(jobs), { messages }, world.now));
}

function receive(world: QueueWorld): Receipt | undefined {
  const reply = world.submit(decideReceive(world.the(jobs), { max: 1 }, world.now, world));
  return "refusal" in reply ? undefined : reply.deliveries[0];
}

const nack = (world: QueueWorld, receipt: Receipt, delayMs: number, counts: boolean) =>
  world.submit(decideNack(world.the(jobs), { receipt, delayMs, counts }, world.now, world));

const extend = (world: QueueWorld, receipt: Receipt, visibilityTimeoutMs: number) =>
  world.submit(decideExtend(world.the(jobs), { receipt, visibilityTimeoutMs }, world.now, world));

/** Where the message is, in the words of the table. */
function whereabouts(world: QueueWorld): Outcome {
  if (world.look(dead).messages.length > 0) return "dead letter";
  const message = world.look(jobs).messages[0];
  if (message === undefined) return "gone";
  return message.phase === "in-flight" ? "in flight" : (message.phase as Outcome);
}

suite("the life of a message", () => {
  for (const [phase, commands] of Object.entries(lifecycle) as [Phase, Record<Command, Outcome>][]) {
    for (const [command, outcome] of Object.entries(commands) as [Command, Outcome][]) {
      test(`${phase}: ${command} -> ${outcome === "-" ? "no change" : outcome}`, () => {
        const world = new QueueWorld();
        world.create(dead);
        world.create(jobs, { deadLetter: { queue: dead, receiveCountMax: 2 } });
        const receipt = reach[phase](world);
        const [before, where] = [world.dump(), whereabouts(world)];
        const reply = perform[command](world, receipt) as { readonly refusal?: string } | undefined;
        if (outcome === "-" || outcome === unknown || outcome === stale) {
          equal(reply?.refusal, outcome === "-" ? undefined : outcome);
          equal(whereabouts(world), where);
          if (outcome !== "-") deepEqual(world.dump(), before);
        } else {
          equal(reply?.refusal, undefined);
          equal(whereabouts(world), outcome);
        }
        world.audit();
      });
    }
  }

  test("docs/queue.md shows this table", () => {
    const docs = readFileSync(new URL("../../../../docs/queue.md", import.meta.url), "utf8");
    const rows = docs.split("\n").filter((line) => line.startsWith("|"));
    const table = rows.map((row) =>
      row
        .slice(1, -1)
        .split("|")
        .map((cell) => cell.trim()),
    );
    const head = table.findIndex((cells) => cells[0] === "phase");
    const commands = Object.keys(perform);
    deepEqual(table[head], ["phase", ...commands]);
    const expected = Object.entries(lifecycle).map(([phase, row]) => [
      phase,
      ...commands.map((command) => row[command as Command]),
    ]);
    deepEqual(table.slice(head + 2, head + 2 + expected.length), expected);
  });
});
