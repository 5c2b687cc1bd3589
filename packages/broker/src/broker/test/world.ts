/** A broker in a virtual world, and short words to ask it things. */
import { deepEqual, ok } from "node:assert/strict";
import { Broker, type BrokerOptions, noAttributes, type Refusal, type Result } from "@sluice/broker";
import { FileJournal, type Journal, MemoryJournal } from "@sluice/broker/journal";
import { seededRandom } from "@sluice/runtime";
import { SimulatedDisk, VirtualClock } from "@sluice/testkit";
import { settled } from "./ledger.ts";

interface WorldOptions extends Partial<BrokerOptions> {
  /** Default: memory. */
  readonly on?: "disk" | "memory";
  readonly segmentBytes?: number;
}

export class VirtualBroker implements AsyncDisposable {
  readonly clock = new VirtualClock();
  readonly disk = new SimulatedDisk(seededRandom(1));
  readonly #options: WorldOptions;
  #broker: Broker | undefined;

  private constructor(options: WorldOptions) {
    this.#options = options;
  }

  static async open(options: WorldOptions = {}): Promise<VirtualBroker> {
    const world = new VirtualBroker(options);
    await world.#start();
    return world;
  }

  async #start(): Promise<void> {
    const { on = "memory", segmentBytes = 64 * 1024 * 1024, ...rest } = this.#options;
    const { clock, disk } = this;
    const random = seededRandom(2);
    const journal: Journal =
      on === "disk" ? await FileJournal.open({ disk, random, segmentBytes }) : new MemoryJournal();
    this.#broker = await settled(clock, Broker.open({ journal, clock, random, ...rest }));
  }

  /** The broker ends as it should, and another one begins with what is on the disk. */
  async restart(): Promise<void> {
    await settled(this.clock, this.broker[Symbol.asyncDispose]());
    await this.#start();
  }

  get broker(): Broker {
    ok(this.#broker !== undefined);
    return this.#broker;
  }

  /** The answer, letting virtual time stand still. */
  answer<Answer>(asked: Promise<Answer>): Promise<Answer> {
    return settled(this.clock, asked);
  }

  async send(queue: string, ...bodies: string[]): Promise<void> {
    const messages = bodies.map((body) => ({ body: Buffer.from(body), attributes: noAttributes }));
    granted(await this.answer(this.broker.send({ queue, messages })));
  }

  /** The bodies that a receive gives now. */
  async bodies(queue: string, max = 10): Promise<string[]> {
    const { deliveries } = granted(await this.answer(this.broker.receive({ queue, max, waitMs: 0 })));
    return deliveries.map(({ body }) => Buffer.from(body).toString());
  }

  async publish(topic: string, ...bodies: string[]): Promise<void> {
    const records = bodies.map((body) => ({
      key: undefined,
      body: Buffer.from(body),
      attributes: noAttributes,
    }));
    granted(await this.answer(this.broker.publish({ topic, records })));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await settled(this.clock, this.broker[Symbol.asyncDispose]());
  }
}

/** The answer of a result that was not refused. */
export function granted<Answer>(result: Result<Answer>): Answer {
  ok(result.ok, result.ok ? "" : `${result.refusal}: ${result.detail}`);
  return result;
}

export function refused(result: Result<object>, refusal: Refusal): string {
  deepEqual({ ok: result.ok, refusal: result.ok ? undefined : result.refusal }, { ok: false, refusal });
  return result.ok ? "" : result.detail;
}
