/** The life of a message, whole: what each command does in each phase. The same table stands in docs/queue.md, and this test compares. */
import { deepEqual, equal, ok } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { suite, test } from "node:test";
import {
  decideAck,
  decideCancel,
  decideDue,
  decideExtend,
  decideNack,
  decidePause,
  decidePurge,
  decideReceive,
  decideRedriveOne,
  decideReschedule,
  decideSend,
  type MessageOptions,
  noAttributes,
  type QueueSettings,
  type Receipt,
} from "../../src/queue/index.ts";
import { QueueWorld } from "./queue-world.ts";

type Phase =
  | "never sent"
  | "ready, new"
  | "ready, again"
  | "ready, delivery is paused"
  | "delayed by its sender"
  | "delayed by a nack"
  | "behind another of its group"
  | "time to live over, not yet noticed"
  | "in flight"
  | "in flight, last receive"
  | "in flight, last receive, no dead-letter queue"
  | "lease over, not yet noticed"
  | "parked"
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
  | "cancel"
  | "reschedule"
  | "redrive"
  | "purge"
  | "time passes";
type Outcome =
  | "ready"
  | "delayed"
  | "in flight"
  | "gone"
  | "dead letter"
  | "parked"
  | "-"
  | "unknown-message"
  | "stale-receipt"
  | "message-in-flight";

const unknown = "unknown-message";
const stale = "stale-receipt";
const held = "message-in-flight";

/** The commands that ask for a receipt. */
const withReceipt = (answer: Outcome) => ({
  ack: answer,
  nack: answer,
  "nack, delay": answer,
  "nack, uncounted": answer,
  extend: answer,
  "extend by 0": answer,
});
const waits = { cancel: "gone", reschedule: "delayed", redrive: unknown, purge: "gone" } as const;
const taken = { cancel: held, reschedule: held, redrive: unknown, purge: "gone" } as const;
const absent = { cancel: unknown, reschedule: unknown, redrive: unknown, purge: "-" } as const;

const lifecycle: Record<Phase, Record<Command, Outcome>> = {
  "never sent": { receive: "-", ...withReceipt(unknown), ...absent, "time passes": "-" },
  "ready, new": { receive: "in flight", ...withReceipt(unknown), ...waits, "time passes": "-" },
  "ready, again": { receive: "in flight", ...withReceipt(stale), ...waits, "time passes": "-" },
  "ready, delivery is paused": { receive: "-", ...withReceipt(unknown), ...waits, "time passes": "-" },
  "delayed by its sender": { receive: "-", ...withReceipt(unknown), ...waits, "time passes": "ready" },
  "delayed by a nack": { receive: "-", ...withReceipt(stale), ...waits, "time passes": "ready" },
  "behind another of its group": {
    receive: "-",
    ...withReceipt(unknown),
    ...waits,
    reschedule: "-",
    "time passes": "-",
  },
  "time to live over, not yet noticed": {
    receive: "gone",
    ...withReceipt(unknown),
    ...waits,
    reschedule: unknown,
    "time passes": "gone",
  },
  "in flight": {
    receive: "-",
    ack: "gone",
    nack: "ready",
    "nack, delay": "delayed",
    "nack, uncounted": "ready",
    extend: "-",
    "extend by 0": "ready",
    ...taken,
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
    ...taken,
    "time passes": "dead letter",
  },
  "in flight, last receive, no dead-letter queue": {
    receive: "-",
    ack: "gone",
    nack: "parked",
    "nack, delay": "parked",
    "nack, uncounted": "ready",
    extend: "-",
    "extend by 0": "parked",
    ...taken,
    "time passes": "parked",
  },
  "lease over, not yet noticed": { receive: "-", ...withReceipt(stale), ...taken, "time passes": "ready" },
  parked: {
    receive: "-",
    ...withReceipt(stale),
    ...waits,
    reschedule: unknown,
    redrive: "ready",
    "time passes": "-",
  },
  acked: { receive: "-", ...withReceipt(stale), ...absent, "time passes": "-" },
  "moved to the dead-letter queue": {
    receive: "-",
    ...withReceipt(stale),
    ...absent,
    "time passes": "-",
  },
};

const [jobs, dead] = [1, 2];
const hourMs = 60 * 60 * 1000;
/** What somebody makes up who was given no receipt. */
const madeUp: Receipt = { sequence: 1, lease: 1 };

/** Brings a world into the phase; returns the receipt that the message has, or had. */
const reach: Record<Phase, (world: QueueWorld) => Receipt> = {
  "never sent": () => madeUp,
  "ready, new": (world) => send(world),
  "ready, again": (world) => given(world, (receipt) => nack(world, receipt, 0, true)),
  "ready, delivery is paused": (world) => {
    world.submit(decidePause(world.the(jobs), true));
    return send(world);
  },
  "delayed by its sender": (world) => send(world, { delayMs: hourMs }),
  "delayed by a nack": (world) => given(world, (receipt) => nack(world, receipt, hourMs, true)),
  "behind another of its group": (world) => {
    const other = given(world, () => {}, { groupId: "anna" });
    extend(world, other, 12 * hourMs);
    return { ...send(world, { groupId: "anna" }), lease: 2 };
  },
  "time to live over, not yet noticed": (world) => {
    const receipt = send(world, { timeToLiveMs: 30_000 });
    world.passUnnoticed(30_000);
    return receipt;
  },
  "in flight": (world) => given(world, () => {}),
  "in flight, last receive": (world) => lastReceive(world),
  "in flight, last receive, no dead-letter queue": (world) => {
    configure(world, { deadLetter: undefined, parkAfterReceives: 2 });
    return lastReceive(world);
  },
  "lease over, not yet noticed": (world) => given(world, () => world.passUnnoticed(30_000)),
  parked: (world) => {
    configure(world, { deadLetter: undefined, parkAfterReceives: 1 });
    return given(world, (receipt) => nack(world, receipt, 0, true));
  },
  acked: (world) =>
    given(world, (receipt) => world.submit(decideAck(world.the(jobs), { receipt }, world.now))),
  "moved to the dead-letter queue": (world) => {
    const receipt = lastReceive(world);
    nack(world, receipt, 0, true);
    return receipt;
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
  cancel: (world, { sequence }) => world.submit(decideCancel(world.the(jobs), { sequence })),
  reschedule: (world, { sequence }) =>
    world.submit(decideReschedule(world.the(jobs), { sequence, delayMs: hourMs }, world.now)),
  redrive: (world, { sequence }) =>
    world.submit(decideRedriveOne(world.the(jobs), { sequence, to: undefined }, world.now, world)),
  purge: (world) => world.submit(decidePurge(world.the(jobs))),
  "time passes": (world) => {
    world.passUnnoticed(hourMs);
    world.submit(decideDue(world.the(jobs), world.now, world));
  },
};

function configure(world: QueueWorld, change: Partial<QueueSettings>): void {
  const settings = { ...world.the(jobs).settings, ...change };
  world.append([{ owner: jobs, record: { kind: "configured", settings } }]);
}

/** Sends a message that is then received, and lets something happen to it. */
function given(
  world: QueueWorld,
  then: (receipt: Receipt) => unknown,
  options: Partial<MessageOptions> = {},
): Receipt {
  send(world, options);
  const receipt = receive(world) ?? madeUp;
  then(receipt);
  return receipt;
}

/** A message on its second receive. */
function lastReceive(world: QueueWorld): Receipt {
  given(world, (receipt) => nack(world, receipt, 0, true));
  return receive(world) ?? madeUp;
}

/** The message, with a receipt that nobody was given. */
function send(world: QueueWorld, options: Partial<MessageOptions> = {}): Receipt {
  const messages = [{ body: Uint8Array.of(7), attributes: noAttributes, ...options }];
  const reply = world.submit(decideSend(world.the(jobs), { messages }, world.now));
  ok("firstSequence" in reply);
  return { sequence: reply.firstSequence, lease: 1 };
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
function whereabouts(world: QueueWorld, { sequence }: Receipt): string {
  if (world.look(dead).messages.length > 0) return "dead letter";
  const message = world.look(jobs).messages.find((one) => one.sequence === sequence);
  if (message === undefined) return "gone";
  return message.phase === "in-flight" ? "in flight" : message.phase;
}

suite("the life of a message", () => {
  for (const [phase, commands] of Object.entries(lifecycle) as [Phase, Record<Command, Outcome>][]) {
    for (const [command, outcome] of Object.entries(commands) as [Command, Outcome][]) {
      test(`${phase}: ${command} -> ${outcome === "-" ? "no change" : outcome}`, () => {
        const world = new QueueWorld();
        world.create(dead);
        world.create(jobs, { deadLetter: { queue: dead, receiveCountMax: 2 } });
        const receipt = reach[phase](world);
        const [before, where] = [world.dump(), whereabouts(world, receipt)];
        const reply = perform[command](world, receipt) as { readonly refusal?: string } | undefined;
        if (outcome === "-" || outcome === unknown || outcome === stale || outcome === held) {
          equal(reply?.refusal, outcome === "-" ? undefined : outcome);
          equal(whereabouts(world, receipt), where);
          if (outcome !== "-") deepEqual(world.dump(), before);
        } else {
          equal(reply?.refusal, undefined);
          equal(whereabouts(world, receipt), outcome);
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
