/** The other end of the client's connections, in memory: a test says what it answers, and reads what it was asked. */
import { equal, ok } from "node:assert/strict";
import { encodeErrorFrame, FrameReader, type RefusalCode } from "@sluice/protocol";
import {
  type ClientFrame,
  FrameWriter,
  fullFrameBytesMax,
  type OutgoingDelivery,
  RequestDecoder,
  writeDeliver,
  writeReceived,
  writeRefused,
  writeSent,
  writeSettled,
  writeSubscribed,
  writeWelcome,
} from "@sluice/protocol/full";
import { settle, VirtualClock } from "@sluice/testkit";
import type { Dial, Transport, TransportEvents } from "../src/index.ts";
import { Client, type ClientOptions } from "../src/index.ts";

type FrameOf<Verb extends ClientFrame["verb"]> = Extract<ClientFrame, { readonly verb: Verb }>;

export const limits = {
  frameBytesMax: fullFrameBytesMax,
  bodyBytesMax: 1024 * 1024,
  batchBytesMax: fullFrameBytesMax,
  entryCountMax: 10_000,
  answerCountMax: 1_000,
  requestCountMax: 4_096,
  subscriptionCountMax: 256,
  creditMax: 65_535,
};

/** The server's end of one connection. */
export class Peer {
  readonly address: string;
  readonly transport: Transport;
  /** Makes the client believe that its network takes nothing. */
  bufferedBytes = 0;
  readonly #reader = new FrameReader(fullFrameBytesMax);
  readonly #decoder = new RequestDecoder();
  readonly #writer = new FrameWriter();
  readonly #frames: ClientFrame[] = [];
  #events: TransportEvents | undefined;
  #role: string | undefined;
  isOver = false;

  constructor(address: string) {
    this.address = address;
    const peer = this;
    this.transport = {
      get bufferedBytes() {
        return peer.bufferedBytes;
      },
      start: (events) => {
        this.#events = events;
      },
      write: (blocks) => {
        for (const block of blocks) this.#read(block);
      },
      end: () => this.drop(),
      destroy: () => this.drop(),
    };
  }

  get role(): string | undefined {
    return this.#role;
  }

  /** What the client has said, and nobody has looked at. Pings are left out unless `pings`. */
  take({ pings = false } = {}): ClientFrame[] {
    return this.#frames.splice(0).filter(({ verb }) => pings || verb !== "ping");
  }

  /** Puts back what was looked at. */
  put(frames: readonly ClientFrame[]): void {
    this.#frames.unshift(...frames);
  }

  /** The next thing that the client says beside signs of life, which is to be a `verb`. */
  async next<Verb extends ClientFrame["verb"]>(verb: Verb): Promise<FrameOf<Verb>> {
    await settle();
    let frame = this.#frames.shift();
    while ((frame?.verb === "ping" || frame?.verb === "beat") && frame.verb !== verb) {
      frame = this.#frames.shift();
    }
    equal(frame?.verb, verb);
    return frame as FrameOf<Verb>;
  }

  say(write: (to: FrameWriter) => void): void {
    write(this.#writer);
    const bytes = Buffer.concat(this.#writer.take());
    queueMicrotask(() => {
      if (!this.isOver) this.#events?.bytes(bytes);
    });
  }

  /** Reads hello and says welcome. */
  async welcome({
    heartbeatMs = 10_000,
    requestCountMax = limits.requestCountMax,
  } = {}): Promise<FrameOf<"hello">> {
    const hello = await this.next("hello");
    this.say((to) =>
      writeWelcome(to, {
        id: hello.id,
        major: 1,
        minor: 0,
        server: "scripted",
        session: "s1",
        durability: "synced",
        heartbeatMs,
        limits: { ...limits, requestCountMax },
        features: [],
      }),
    );
    await settle();
    return hello;
  }

  error(code: RefusalCode, sentence: string): void {
    const bytes = encodeErrorFrame(code, sentence);
    queueMicrotask(() => {
      this.#events?.bytes(bytes);
      this.drop();
    });
  }

  refuse(id: number, code: string, retryAfterMs = 0): void {
    this.say((to) => writeRefused(to, id, { code, sentence: `No: ${code}.`, retryAfterMs }));
  }

  sent(id: number, count = 1): void {
    const ids = new Uint8Array(16 * count);
    this.say((to) => writeSent(to, { id, durability: "synced", ids, refusals: new Map() }));
  }

  received(id: number, deliveries: readonly OutgoingDelivery[]): void {
    this.say((to) => writeReceived(to, id, deliveries));
  }

  /** Answers the subscription that the client asks for. */
  async subscribed(): Promise<FrameOf<"subscribe">> {
    const subscribe = await this.next("subscribe");
    this.say((to) => writeSubscribed(to, subscribe.id));
    await settle();
    return subscribe;
  }

  deliver(id: number, ...sequences: number[]): void {
    this.say((to) => writeDeliver(to, id, sequences.map(delivery)));
  }

  settled(frame: FrameOf<"ack" | "nack" | "extend">, refused: Readonly<Record<number, string>> = {}): void {
    const verb = ({ ack: "acked", nack: "nacked", extend: "extended" } as const)[frame.verb];
    const refusals = new Map(
      Object.entries(refused).map(([index, code]) => [
        Number(index),
        { code, sentence: code, retryAfterMs: 0 },
      ]),
    );
    this.say((to) => writeSettled(to, { verb, id: frame.id, durability: "synced", refusals }));
  }

  drained(): void {
    this.#events?.drained();
  }

  /** The connection is gone, for both ends. */
  drop(): void {
    if (this.isOver) return;
    this.isOver = true;
    queueMicrotask(() => this.#events?.ended(undefined));
  }

  #read(block: Uint8Array): void {
    for (const payload of this.#reader.push(block.slice())) {
      if (this.#role === undefined) {
        this.#role = new TextDecoder().decode(payload);
        continue;
      }
      const frame = this.#decoder.decode(payload);
      ok(frame.verb !== "unreadable", "the client says nothing that cannot be read");
      this.#frames.push(frame);
    }
  }
}

/** A message whose body is its sequence as text. */
export const delivery = (sequence: number): OutgoingDelivery => ({
  sequence,
  lease: sequence + 1_000,
  messageId: new Uint8Array(16),
  receiveCount: 1,
  enqueuedAtMs: 0,
  attributes: new Map(),
  body: new TextEncoder().encode(String(sequence)),
  priority: 0,
  groupId: undefined,
  movedFrom: undefined,
});

/** A record whose body is its place as text. */
export const record = (partition: number, offset: number) => ({
  partition,
  offset,
  publishedAtMs: 0,
  key: undefined,
  attributes: new Map(),
  body: new TextEncoder().encode(`${partition}:${offset}`),
});

/** Addresses that answer, and those that do not. */
export class ScriptedNetwork {
  readonly clock = new VirtualClock();
  readonly dialled: string[] = [];
  readonly #dead = new Set<string>();
  readonly #accepted: Peer[] = [];

  readonly dial: Dial = ({ text }) => {
    this.dialled.push(text);
    if (this.#dead.has(text)) return Promise.reject(new Error(`${text} does not answer.`));
    const peer = new Peer(text);
    this.#accepted.push(peer);
    return Promise.resolve(peer.transport);
  };

  dead(address: string, isDead = true): void {
    if (isDead) this.#dead.add(address);
    else this.#dead.delete(address);
  }

  /** The next connection of the client. */
  async accept(): Promise<Peer> {
    await settle();
    const peer = this.#accepted.shift();
    ok(peer, "the client has connected");
    return peer;
  }

  get waiting(): number {
    return this.#accepted.length;
  }

  /** Options of a client on this network, whose jitter is the longest there is. */
  options(options: Partial<ClientOptions> = {}): ClientOptions {
    return {
      addresses: ["tcp://a:1"],
      dial: this.dial,
      clock: this.clock,
      random: { bytes: (count) => new Uint8Array(count).fill(7), unit: () => 1 },
      ...options,
    };
  }

  /** A client, and the peer that has welcomed it. */
  async connect(options: Partial<ClientOptions> = {}, welcome: Parameters<Peer["welcome"]>[0] = {}) {
    const connecting = Client.connect(this.options(options));
    const peer = await this.accept();
    await peer.welcome(welcome);
    return { client: await connecting, peer };
  }

  /** Closes a client, which waits a while for answers that the script does not give. */
  async close(client: Client): Promise<void> {
    const closing = client.close();
    await this.clock.advance(5_000);
    await closing;
  }

  /** The next connection after one that was lost, welcomed. */
  async reconnect(afterMs: number): Promise<Peer> {
    await this.clock.advance(afterMs);
    const peer = await this.accept();
    await peer.welcome();
    return peer;
  }
}
