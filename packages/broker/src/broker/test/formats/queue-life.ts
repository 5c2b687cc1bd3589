/** A life in which queues do all that they can, beside what they could from the start. */
import type { Broker } from "@sluice/broker";
import { seededRandom } from "@sluice/runtime";
import { SimulatedDisk, VirtualClock } from "@sluice/testkit";
import { granted } from "../world.ts";
import { during, hourMs, message, text } from "./life.ts";

type Ask = <Answer>(asked: Promise<Answer>) => Promise<Answer>;

/** Every kind of record that a queue writes beyond those of the plain life, once. */
async function work(name: string, broker: Broker, ask: Ask, clock: VirtualClock): Promise<void> {
  const [jobs, late, gone] = [`${name}-jobs`, `${name}-late`, `${name}-gone`];
  const retry = { minDelayMs: 1000, maxDelayMs: 8000, factor: 2, jitter: 0 };
  const settings = { parkAfterReceives: 2, retry, onExpiry: "dead-letter", priorityAgingMs: hourMs } as const;
  granted(await ask(broker.createQueue({ queue: jobs, ...settings, deduplicationWindowMs: 60_000 })));
  const bodies = ["flaky", "poison", "poison too", "poison three", "cancelled", "cart 1", "cart 2"];
  const options = [
    { priority: 9 },
    {},
    {},
    {},
    {},
    { groupId: "anna" },
    { groupId: "anna", timeToLiveMs: 9 * hourMs },
  ];
  const messages = bodies.map((body, i) => ({ ...message(`${name} ${body}`), ...options[i] }));
  const deduplicationId = `${name} order`;
  const { messageIds } = granted(
    await ask(
      broker.send({ queue: jobs, messages: [...messages, { ...message(`${name} once`), deduplicationId }] }),
    ),
  );
  const idOf = (body: string): string => messageIds[bodies.indexOf(body)] ?? "";

  const fail = async (max: number, error: string): Promise<void> => {
    const { deliveries } = granted(await ask(broker.receive({ queue: jobs, max, waitMs: 0 })));
    for (const { receipt, body } of deliveries) {
      const isPoison = text(body).includes("poison") || text(body).includes("flaky");
      const delayMs = isPoison ? undefined : 0;
      granted(await ask(broker.nack({ queue: jobs, receipt, delayMs, counts: isPoison, error })));
    }
  };
  await fail(4, "no paper");
  await clock.advance(1000);
  await fail(4, "no ink");
  granted(await ask(broker.cancelMessage({ queue: jobs, messageId: idOf("cancelled") })));
  granted(await ask(broker.redriveMessage({ queue: jobs, messageId: idOf("flaky") })));
  const started = granted(await ask(broker.startRedrive({ queue: jobs, perSecondMax: 1 })));
  await clock.advance(1500);
  granted(await ask(broker.cancelRedrive({ queue: jobs, redrive: started.redrive.redrive })));
  granted(
    await ask(broker.rescheduleMessage({ queue: jobs, messageId: idOf("poison"), delayMs: 2 * hourMs })),
  );

  granted(await ask(broker.createQueue({ queue: late })));
  const expiring = { ...message(`${name} expires`), timeToLiveMs: 1000 };
  const delayed = { ...message(`${name} delayed`), delayMs: 3 * hourMs, timeToLiveMs: hourMs, priority: 3 };
  granted(await ask(broker.send({ queue: late, messages: [expiring, delayed] })));
  granted(await ask(broker.pauseQueue({ queue: late, paused: true })));
  // Long enough for the id to be forgotten, and for the redrive to have gone on if it were not cancelled.
  await clock.advance(70_000);

  granted(await ask(broker.send({ queue: gone, messages: [message(`${name} purged`)] })));
  granted(await ask(broker.purgeQueue(gone)));
  granted(await ask(broker.deleteQueue(gone)));
}

/** A journal with a checkpoint that holds all of that, and after it every record once more. The same bytes each time. */
export async function journalWithQueueRules(): Promise<SimulatedDisk> {
  const disk = new SimulatedDisk(seededRandom(1));
  const clock = new VirtualClock();
  const never = Number.POSITIVE_INFINITY;
  await during(disk, clock, never, (broker, ask) => work("old", broker, ask, clock));
  await during(disk, clock, 1, async (broker, ask) => {
    const messages = [{ ...message("makes a checkpoint due"), deduplicationId: "once" }];
    granted(await ask(broker.send({ queue: "old-jobs", messages })));
    await clock.advance(1000);
  });
  await during(disk, clock, never, (broker, ask) => work("new", broker, ask, clock));
  return disk;
}
