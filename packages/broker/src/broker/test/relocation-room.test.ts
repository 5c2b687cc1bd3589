/** What relocation takes of a full disk, on a journal that is told what to say: never more than there is, until a stretch has gone for it. */
import { deepEqual } from "node:assert/strict";
import { test } from "node:test";
import { noAttributes } from "@sluice/broker";
import {
  type Appended,
  type JournalPart,
  MemoryJournal,
  type Settled,
  type Stretch,
} from "@sluice/broker/journal";
import { createMetrics, seededRandom, silentLog } from "@sluice/runtime";
import { VirtualClock } from "@sluice/testkit";
import { Core } from "../core.ts";
import { defaultBrokerLimits } from "../limits.ts";
import { Relocation } from "../relocation.ts";
import { BrokerState, inCatalog } from "../state.ts";
import { Statistics } from "../statistics.ts";

const stretchUnit = 1000;

/** Stretches of 2,000 bytes stay until the test takes them away; what is appended lies in none of them. */
class ToldJournal extends MemoryJournal {
  override relocationRoom = { bytesMax: Number.POSITIVE_INFINITY, appendBytesMax: 250 };
  stretches: readonly Stretch[] = [];
  /** Bytes of the bodies of each append. */
  readonly appends: number[] = [];

  override covered(): readonly Stretch[] {
    return this.stretches;
  }

  override append(parts: readonly JournalPart[], settled: Settled): Appended {
    const bodies = parts.flatMap((part) => part.bodies);
    const { sequence } = super.append(parts, settled);
    this.appends.push(bodies.reduce((sum, body) => sum + (body instanceof Uint8Array ? body.length : 0), 0));
    return { sequence, positions: bodies.map(() => 1_000_000) };
  }
}

/** A queue with a message of 100 bytes in each of as many stretches. */
function worldOf(count: number) {
  const journal = new ToldJournal();
  const state = new BrokerState({ residentBytesMax: 1_000_000 });
  const clock = new VirtualClock();
  const random = seededRandom(1);
  const core = new Core({ journal, state, clock, random, log: silentLog, limits: defaultBrokerLimits });
  const froms = Array.from({ length: count }, (_, i) => (i + 1) * stretchUnit);
  journal.stretches = froms.map((from) => ({ from, to: from + stretchUnit, bytes: 2000 }));
  const now = clock.now();
  state.apply(inCatalog({ kind: "named", what: "queue", number: 1, name: "jobs" }), now, [], 0);
  const messages = froms.map(() => ({ body: new Uint8Array(100), attributes: noAttributes }));
  const record = { kind: "sent", firstSequence: 1, enqueuedAtMs: 0, messages } as const;
  const positions = froms.map((from) => from + 7);
  state.apply({ what: "queue", owner: 1, record }, now, positions, 0);
  const relocation = new Relocation(core, new Statistics(createMetrics()));
  return {
    journal,
    run: async () => {
      relocation.start();
      await clock.advance(0);
      return journal.appends.splice(0);
    },
  };
}

test("a disk with room takes everything, in appends that are not too large", async () => {
  const { run } = worldOf(5);
  deepEqual(await run(), [200, 200, 100]);
  deepEqual(await run(), [], "and once");
});

test("of a full disk no more is taken than there is, and more only when something came back", async () => {
  const { journal, run } = worldOf(5);
  // A body takes 100 bytes and 144 around it at most.
  journal.relocationRoom = { bytesMax: 500, appendBytesMax: 250 };
  deepEqual(await run(), [200]);
  deepEqual(await run(), [], "nothing came back yet");
  journal.stretches = journal.stretches.slice(1);
  deepEqual(await run(), [100]);
  journal.stretches = journal.stretches.slice(2);
  deepEqual(await run(), [200]);
});

test("of a full disk of which nothing is known to be free nothing is taken", async () => {
  const { journal, run } = worldOf(5);
  journal.relocationRoom = { bytesMax: 0, appendBytesMax: 250 };
  deepEqual(await run(), []);
});
