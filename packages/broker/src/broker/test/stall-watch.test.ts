/** The watch over those who wait, against a queue that gets messages behind the back of whoever should serve them. */
import { deepEqual, equal, match } from "node:assert/strict";
import { test } from "node:test";
import { noAttributes } from "@sluice/broker";
import { MemoryJournal } from "@sluice/broker/journal";
import { createLog, createMetrics, seededRandom } from "@sluice/runtime";
import { VirtualClock } from "@sluice/testkit";
import type { QueueRecord } from "../../queue/records.ts";
import { Core } from "../core.ts";
import { defaultBrokerLimits } from "../limits.ts";
import { lookEveryMs, StallWatch, stalledForMs } from "../stall-watch.ts";
import { BrokerState, inCatalog } from "../state.ts";

function world() {
  const clock = new VirtualClock();
  const lines: string[] = [];
  const log = createLog("warn", { write: (line) => lines.push(line) });
  const state = new BrokerState({ residentBytesMax: 1_000_000 });
  const journal = new MemoryJournal();
  const core = new Core({ journal, state, clock, random: seededRandom(1), log, limits: defaultBrokerLimits });
  state.apply(inCatalog({ kind: "named", what: "queue", number: 1, name: "jobs" }), clock.now(), [], 0);
  const waiting = new Set([1]);
  const served: number[] = [];
  const metrics = createMetrics();
  const watch = new StallWatch(metrics, core, {
    keys: () => waiting,
    serve: (number) => {
      served.push(number);
      take();
    },
  });
  const apply = (record: QueueRecord): void =>
    state.apply({ what: "queue", owner: 1, record }, clock.now(), [], 0);
  let lease = 1;
  let sequence = 1;
  const arrive = (): void =>
    apply({
      kind: "sent",
      firstSequence: sequence++,
      enqueuedAtMs: clock.now().wallMs,
      messages: [{ attributes: noAttributes, body: new Uint8Array(1) }],
    });
  const take = (): void => {
    const deadlineWallMs = clock.now().wallMs + 600_000;
    const sequences = [state.queue(1)?.inFlightCount ?? 0].map((taken) => taken + 1);
    apply({ kind: "delivered", firstLease: lease++, sequences, deadlineWallMs, timeoutMs: 600_000 });
  };
  const stalled = async (): Promise<number | undefined> =>
    (await metrics.getSingleMetric("sluice_stalled_queues")?.get())?.values[0]?.value;
  return { clock, watch, waiting, served, lines, stalled, arrive, take, apply };
}

test("a message that nobody gets although somebody waits is found by the second look, logged, counted and served", async () => {
  const { clock, watch, waiting, served, lines, stalled, arrive } = world();
  watch.begin();
  arrive();
  await clock.advance(lookEveryMs);
  deepEqual([served, lines, await stalled()], [[], [], 0], "one look may come between two steps");
  await clock.advance(lookEveryMs);
  deepEqual(served, [1]);
  equal(lines.length, 1);
  const { level, queue, ready, inFlight, msg } = JSON.parse(lines[0] ?? "") as Record<string, unknown>;
  deepEqual([level, queue, ready, inFlight], ["error", "jobs", 1, 0]);
  match(String(msg), /^stalled: /);
  equal(await stalled(), 1);
  waiting.clear();
  await clock.advance(stalledForMs);
  equal(await stalled(), 0);
  equal(clock.armedCount, 0, "nobody waits, and nobody looks");
});

test("a queue in which deliveries go on, a paused one and an empty one are not stalled", async () => {
  const { clock, watch, waiting, served, lines, arrive, take, apply } = world();
  watch.begin();
  await clock.advance(2 * lookEveryMs);
  for (let i = 0; i < 5; i++) {
    arrive();
    arrive();
    await clock.advance(lookEveryMs);
    take();
  }
  apply({ kind: "paused", paused: true });
  await clock.advance(5 * lookEveryMs);
  deepEqual([served, lines], [[], []]);
  waiting.clear();
  watch.close();
  equal(clock.armedCount, 0);
});
