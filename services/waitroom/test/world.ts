/** A waiting room in a virtual world: memory engine, virtual clock, seeded randomness, requests without a socket, keys in a folder of its own. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { Bus, type Engine, type EventType, MemoryEngine } from "@sluice/bus";
import { createLog, createMetrics, type Part, seededRandom } from "@sluice/runtime";
import { settle, VirtualClock } from "@sluice/testkit";
import Fastify, { type FastifyInstance, type FastifyPluginAsync } from "fastify";
import { createWaitroom, type WaitroomOptions, waitroomPartitionCounts } from "../src/index.ts";

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface Request {
  readonly body?: unknown;
  readonly token?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A process: a bus and a waiting room on the engine that outlives it. */
interface Process {
  readonly bus: Bus;
  readonly part: Part<FastifyPluginAsync>;
  readonly host: FastifyInstance;
}

export class World implements AsyncDisposable {
  readonly clock: VirtualClock;
  readonly engine: Engine;
  readonly directory: string;
  readonly metrics = createMetrics();
  /** What was logged, parsed. */
  readonly logged: Readonly<Record<string, unknown>>[] = [];
  readonly #settings: WaitroomOptions["settings"];
  #process: Process | undefined;

  private constructor(directory: string, settings: WaitroomOptions["settings"]) {
    this.clock = new VirtualClock(Date.UTC(2026, 0, 1, 12, 0, 0, 250));
    this.engine = MemoryEngine.open({ clock: this.clock });
    this.directory = directory;
    this.#settings = settings;
  }

  static async open(settings: WaitroomOptions["settings"] = {}): Promise<World> {
    const world = new World(await mkdtemp(join(tmpdir(), "sluice-waitroom-")), settings);
    await world.#start();
    return world;
  }

  get bus(): Bus {
    return this.#running.bus;
  }

  get part(): Part<FastifyPluginAsync> {
    return this.#running.part;
  }

  /** Ends the process and starts another one on the same log and the same folder. */
  async restart(): Promise<void> {
    await this.#stop();
    await this.#start();
  }

  async request(
    method: "GET" | "POST" | "PUT" | "DELETE",
    path: string,
    request: Request = {},
  ): Promise<Answer> {
    const { body, token, headers } = request;
    const raw = typeof body === "string" || body instanceof Buffer;
    const response = await this.#running.host.inject({
      method,
      url: path,
      headers: {
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...headers,
      },
      ...(body === undefined ? {} : { payload: raw ? body : JSON.stringify(body) }),
    });
    return { status: response.statusCode, headers: response.headers, body: response.json() };
  }

  join(event_id: string, user_id: string): Promise<Answer> {
    return this.request("POST", "/api/v1/waitroom/join", { body: { event_id, user_id } });
  }

  capacity(event_id: string, capacity: number): Promise<Answer> {
    return this.request("PUT", `/api/v1/waitroom/events/${event_id}`, { body: { capacity } });
  }

  /** What the session of a join's answer looks like now. */
  look({ body }: Answer): Promise<Answer> {
    return this.request("GET", `/api/v1/waitroom/sessions/${body.session_id}`, { token: body.session_token });
  }

  leave({ body }: Answer): Promise<Answer> {
    return this.request("DELETE", `/api/v1/waitroom/sessions/${body.session_id}`, {
      token: body.session_token,
    });
  }

  /** Publishes what the shop says and lets the waiting room hear it. */
  async publish<Data>(type: EventType<Data>, data: Data): Promise<void> {
    await this.bus.publish(type, data);
    await this.quiet();
  }

  /** Publishes bytes, as a program in another language would: without an envelope. */
  async publishBare(topic: string, key: string, value: string): Promise<void> {
    await this.engine.publish([{ topic, key, value: new TextEncoder().encode(value), headers: new Map() }]);
    await this.quiet();
  }

  /** Everything that lies in a topic, as plain data, partition by partition. */
  async events(topic: string): Promise<Record<string, unknown>[]> {
    const found: Record<string, unknown>[] = [];
    for (let partition = 0; partition < (await this.engine.partitionCount(topic)); partition++) {
      const end = await this.engine.endOffset(topic, partition);
      if (end === 0) continue;
      for await (const batch of this.engine.read(topic, partition, 0, new AbortController().signal)) {
        for (const { value } of batch) found.push(JSON.parse(new TextDecoder().decode(value)));
        if ((batch.at(-1)?.offset ?? end) >= end - 1) break;
      }
    }
    return found;
  }

  /** Lets everything happen that needs no time. */
  async quiet(): Promise<void> {
    for (let turn = 0; turn < 10; turn++) await settle();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stop();
    await this.engine[Symbol.asyncDispose]();
    await rm(this.directory, { recursive: true });
  }

  get #running(): Process {
    if (this.#process === undefined) throw new Error("the process is not running");
    return this.#process;
  }

  async #start(): Promise<void> {
    const { clock, engine, directory, metrics } = this;
    const random = seededRandom(7);
    const log = createLog(
      "info",
      new Writable({
        write: (line, _encoding, done) => {
          this.logged.push(JSON.parse(String(line)));
          done();
        },
      }),
    );
    const partitionCounts = waitroomPartitionCounts;
    const bus = await Bus.open({ engine, source: "/waitroom", clock, random, log, partitionCounts });
    metrics.clear();
    const settings = this.#settings ?? {};
    const part = await createWaitroom({
      bus,
      clock,
      random,
      log,
      metrics,
      dataDirectory: directory,
      settings,
    });
    const host = Fastify({ routerOptions: { maxParamLength: 2048 } });
    if (part.routes !== undefined) await host.register(part.routes);
    this.#process = { bus, part, host };
  }

  async #stop(): Promise<void> {
    const { bus, part, host } = this.#running;
    this.#process = undefined;
    await host.close();
    await part.drain();
    await part[Symbol.asyncDispose]();
    await bus[Symbol.asyncDispose]();
  }
}
