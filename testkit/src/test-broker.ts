/**
 * A broker for other people's tests: in this process, in memory, in virtual time. A visibility timeout of twelve hours passes in a
 * microsecond, and the same seed gives the same ids.
 */
import { Broker, type BrokerOptions } from "@sluice/broker";
import { MemoryJournal } from "@sluice/broker/journal";
import { seededRandom } from "@sluice/runtime";
import { VirtualClock } from "./virtual-clock.ts";

export interface TestBrokerOptions extends Omit<BrokerOptions, "journal" | "clock" | "random"> {
  /** Default: a new one, at 2026-01-01T00:00:00Z. Pass one to share it with what is under test. */
  readonly clock?: VirtualClock;
  /** What ids and salts are made of. Default 1. */
  readonly seed?: number;
}

/** The broker, and the time that it lives in. Disposing of it closes the broker. */
export interface TestBroker extends AsyncDisposable {
  readonly broker: Broker;
  readonly clock: VirtualClock;
}

/**
 * Opens a test broker.
 *
 *     await using test = await createTestBroker({ seed: 7 });
 *     await test.broker.send({ queue: "jobs", messages: [{ body, attributes: noAttributes }] });
 *     await test.broker.receive({ queue: "jobs", max: 1, waitMs: 0 });
 *     await test.clock.advance(30_000);          // its visibility timeout passes
 *     await test.broker.receive({ queue: "jobs", max: 1, waitMs: 0 });
 */
export async function createTestBroker(options: TestBrokerOptions = {}): Promise<TestBroker> {
  const { clock = new VirtualClock(), seed = 1, ...rest } = options;
  const broker = await Broker.open({
    ...rest,
    journal: new MemoryJournal(),
    clock,
    random: seededRandom(seed),
  });
  return { broker, clock, [Symbol.asyncDispose]: () => broker[Symbol.asyncDispose]() };
}
