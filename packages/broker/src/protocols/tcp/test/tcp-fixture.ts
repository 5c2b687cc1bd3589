/** A framed port on a real broker, in virtual time, and clients that are the other end of an in-memory stream. */
import type { Duplex } from "node:stream";
import { encodeFrame, encodeFrames, FrameReader } from "@sluice/protocol";
import { createLog, createMetrics, type Registry } from "@sluice/runtime";
import { settle, VirtualClock } from "@sluice/testkit";
import type { BrokerApi, QueueBatchApi } from "../../../broker/api.ts";
import { memorySockets } from "../../test/memory-socket.ts";
import { openBroker } from "../../test/open-broker.ts";
import { TcpServer, type TcpServerOptions } from "../index.ts";

export const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
export const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** The client's end of a connection. It reads nothing until `next` is first called. */
export class TestClient {
  readonly stream: Duplex;
  readonly #frames = new FrameReader(16 * 1024 * 1024);
  readonly #inbox: string[] = [];
  #waiting: ((frame: string | undefined) => void) | undefined;
  #ended = false;
  #reading = false;

  constructor(stream: Duplex) {
    this.stream = stream;
    stream.on("error", () => stream.destroy());
  }

  /** Sends each text as a frame. */
  send(...texts: string[]): this {
    this.stream.write(encodeFrames(texts.map(bytesOf)));
    return this;
  }

  write(bytes: Uint8Array | string): this {
    this.stream.write(bytes);
    return this;
  }

  /** The next frame as text; undefined when the server has ended the connection. */
  next(): Promise<string | undefined> {
    this.#read();
    const frame = this.#inbox.shift();
    if (frame !== undefined || this.#ended) return Promise.resolve(frame);
    return new Promise((resolve) => {
      this.#waiting = resolve;
    });
  }

  /** The next `count` frames. */
  async take(count: number): Promise<(string | undefined)[]> {
    const frames: (string | undefined)[] = [];
    while (frames.length < count) frames.push(await this.next());
    return frames;
  }

  /** Every frame until the server ends the connection. */
  async rest(): Promise<string[]> {
    const frames: string[] = [];
    for (let frame = await this.next(); frame !== undefined; frame = await this.next()) frames.push(frame);
    return frames;
  }

  destroy(): void {
    this.stream.destroy();
  }

  #read(): void {
    if (this.#reading) return;
    this.#reading = true;
    this.stream.on("data", (bytes: Uint8Array) => {
      for (const payload of this.#frames.push(bytes)) this.#give(textOf(payload));
    });
    const end = (): void => {
      if (this.#ended) return;
      this.#ended = true;
      if (!this.stream.destroyed) this.stream.end();
      this.#waiting?.(undefined);
    };
    this.stream.on("end", end);
    this.stream.on("close", end);
  }

  #give(frame: string): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting === undefined) this.#inbox.push(frame);
    else waiting(frame);
  }
}

export interface Fixture extends AsyncDisposable {
  readonly server: TcpServer;
  readonly broker: BrokerApi & QueueBatchApi;
  readonly clock: VirtualClock;
  readonly metrics: Registry;
  /** Lines of the log at warn and above. */
  readonly warnings: Record<string, unknown>[];
  connect(): TestClient;
  producer(parameters?: string): TestClient;
  /** Resolves when the server has the consumer, or has refused it. */
  consumer(parameters?: string): Promise<TestClient>;
  /** The value of a counter with these labels. */
  count(name: string, labels: Record<string, string>): Promise<number>;
}

export async function openFixture(options: Partial<TcpServerOptions> = {}): Promise<Fixture> {
  const clock = new VirtualClock();
  const metrics = createMetrics();
  const warnings: Record<string, unknown>[] = [];
  const log = createLog("warn", { write: (line) => warnings.push(JSON.parse(line)) });
  const broker = await openBroker(clock, metrics);
  const server = await TcpServer.listen({
    broker,
    host: "127.0.0.1",
    port: 0,
    mode: "broadcast",
    consumerCountMax: 10,
    bufferCountMax: 10_000,
    overflow: "drop",
    clock,
    log,
    metrics,
    ...options,
  });
  const connect = (): TestClient => {
    const [ours, theirs] = memorySockets();
    server.accept(theirs);
    return new TestClient(ours);
  };
  const count = async (name: string, labels: Record<string, string>): Promise<number> => {
    const found = await metrics.getSingleMetric(name)?.get();
    const wanted = Object.entries(labels);
    const matching = (found?.values ?? []).filter(({ labels: given }) =>
      wanted.every(([label, value]) => (given as Record<string, unknown>)[label] === value),
    );
    return matching.reduce((sum, { value }) => sum + value, 0);
  };
  const consumersSeen = async (): Promise<number> =>
    (await count("sluice_tcp_connections", { role: "consumer" })) + (await count("sluice_refused_total", {}));
  return {
    server,
    broker,
    clock,
    metrics,
    warnings,
    connect,
    producer: (parameters = "") => connect().send(`PRODUCER${parameters}`),
    consumer: async (parameters = "") => {
      const before = await consumersSeen();
      const client = connect().send(`CONSUMER${parameters}`);
      while ((await consumersSeen()) === before) await settle();
      return client;
    },
    count,
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]();
      await broker[Symbol.asyncDispose]();
    },
  };
}

/** A frame that only pretends to be `payloadBytes` long. */
export const announce = (payloadBytes: number): Uint8Array => {
  const frame = encodeFrame(new Uint8Array(0));
  new DataView(frame.buffer).setUint32(0, payloadBytes);
  return frame;
};
