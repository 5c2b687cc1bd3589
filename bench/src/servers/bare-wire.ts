/**
 * A sketch of the wire without rules: the frames of SLUICE/1 for a queue, an in-memory line first in first out, and one file with group commit.
 * Sends and acks are answered, and messages handed out, when their frame is on the disk. It keeps no leases, checks no receipt, gives nothing
 * back and recovers nothing: what the broker costs is what it costs beside this.
 */
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { FrameReader, RoleReader } from "@sluice/protocol";
import {
  type ClientFrame,
  FrameWriter,
  fullFrameBytesMax,
  noRefusals,
  type OutgoingDelivery,
  RequestDecoder,
  type Welcome,
  type WireFault,
  writeDeliver,
  writeSent,
  writeSettled,
  writeSubscribed,
  writeWelcome,
} from "@sluice/protocol/full";
import { Fault, systemClock } from "@sluice/runtime";
import { BareLog } from "../loads/bare-log.ts";
import { makeScratch } from "../loads/scratch.ts";
import type { Server } from "../process/runner.ts";

const [idBytes, receiptBytes, pushCountMax] = [16, 16, 1000];
const durability = "synced";
const welcome: Omit<Welcome, "verb" | "id"> = {
  ...{ major: 1, minor: 0, server: "bare wire", session: "bench", durability, heartbeatMs: 60_000 },
  limits: {
    ...{ frameBytesMax: fullFrameBytesMax, bodyBytesMax: 1024 * 1024, batchBytesMax: fullFrameBytesMax },
    ...{ entryCountMax: 10_000, answerCountMax: 1000, requestCountMax: 4096, subscriptionCountMax: 1 },
    creditMax: 65_535,
  },
  features: [],
};

export interface BareWireOptions {
  /** Whether a delivery is on the disk before it leaves, as at the broker, which remembers what was handed out. */
  readonly syncsDeliveries: boolean;
}

export async function openBareWire({ syncsDeliveries }: BareWireOptions): Promise<Server> {
  await using opened = new AsyncDisposableStack();
  const { path } = opened.use(await makeScratch());
  const log = opened.use(await BareLog.open(path));
  const lines = new Map<string, Line>();
  const lineOf = (queue: string): Line => {
    const line = lines.get(queue) ?? new Line(syncsDeliveries ? log : undefined);
    lines.set(queue, line);
    return line;
  };
  const sockets = new Set<Socket>();
  const listening = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => sockets.delete(socket));
    new Connection(socket, log, lineOf).begin();
  });
  listening.listen({ host: "127.0.0.1", port: 0 });
  await once(listening, "listening");
  opened.defer(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => listening.close(resolve));
  });
  const { port } = listening.address() as AddressInfo;
  const ending = opened.move();
  return { port, [Symbol.asyncDispose]: () => ending.disposeAsync() };
}

/** The messages of a queue, and who takes them. */
class Line {
  readonly #log: BareLog | undefined;
  readonly #waiting: OutgoingDelivery[] = [];
  #next = 0;
  credit = 0;
  consumer: ((deliveries: readonly OutgoingDelivery[]) => void) | undefined;

  /** With a log, deliveries leave when it has them. */
  constructor(log: BareLog | undefined) {
    this.#log = log;
  }

  /** Returns the ids of the messages. */
  put(messages: readonly Pick<OutgoingDelivery, "body" | "attributes">[]): Uint8Array {
    const ids = new Uint8Array(messages.length * idBytes);
    const view = new DataView(ids.buffer);
    const enqueuedAtMs = systemClock.now().wallMs;
    for (const [i, { body, attributes }] of messages.entries()) {
      const sequence = this.#next++;
      view.setFloat64(i * idBytes, sequence);
      const messageId = ids.subarray(i * idBytes, (i + 1) * idBytes);
      this.#waiting.push({
        sequence,
        lease: 1,
        messageId,
        receiveCount: 1,
        enqueuedAtMs,
        attributes,
        body,
        priority: 0,
        groupId: undefined,
        movedFrom: undefined,
      });
    }
    this.handOut();
    return ids;
  }

  handOut(): void {
    const { consumer } = this;
    const count = Math.min(this.credit, this.#waiting.length, pushCountMax);
    if (consumer === undefined || count === 0) return;
    this.credit -= count;
    const deliveries = this.#waiting.splice(0, count);
    if (this.#log === undefined) consumer(deliveries);
    else void this.#log.append(new Uint8Array(receiptBytes * count)).then(() => consumer(deliveries));
    this.handOut();
  }
}

class Connection {
  readonly #socket: Socket;
  readonly #log: BareLog;
  readonly #line: (queue: string) => Line;
  readonly #frames = new FrameReader(fullFrameBytesMax);
  readonly #decoder = new RequestDecoder();
  readonly #to = new FrameWriter();
  #subscribed: Line | undefined;

  constructor(socket: Socket, log: BareLog, line: (queue: string) => Line) {
    this.#socket = socket;
    this.#log = log;
    this.#line = line;
  }

  begin(): void {
    const role = new RoleReader();
    const onRole = (chunk: Uint8Array): void => {
      const step = role.push(chunk);
      if (step.state === "incomplete") return;
      if (step.state === "fault") return void this.#socket.destroy();
      this.#socket.off("data", onRole);
      this.#socket.on("data", (bytes: Uint8Array) => this.#read(bytes));
      this.#read(step.rest);
    };
    this.#socket.on("data", onRole);
  }

  /** What was read together is written together, as it came. */
  #read(chunk: Uint8Array): void {
    const durable = this.#frames
      .push(chunk)
      .map((payload) => this.#handle(this.#decoder.decode(payload)))
      .filter((answer) => answer !== undefined);
    const onDisk = durable.length === 0 ? undefined : this.#log.append(chunk);
    const answer = (): void => {
      for (const write of durable) write();
      this.#flush();
    };
    if (onDisk === undefined) answer();
    else void onDisk.then(answer);
  }

  /** Returns what is to be done once it is on the disk. */
  #handle(frame: ClientFrame | WireFault): (() => void) | undefined {
    const { id } = frame;
    switch (frame.verb) {
      case "hello":
        return void writeWelcome(this.#to, { ...welcome, id });
      case "subscribe":
        return this.#subscribe(id, this.#line(frame.queue), frame.credit);
      case "credit":
        return this.#credit(frame.add);
      case "send":
        return () => {
          const ids = this.#line(frame.queue).put(frame.messages);
          writeSent(this.#to, { id, durability, ids, refusals: noRefusals });
        };
      case "ack":
        return () => writeSettled(this.#to, { verb: "acked", id, durability, refusals: noRefusals });
      default:
        throw new Fault("no-sketch", `The sketch of the wire does not know ${frame.verb}.`);
    }
  }

  #subscribe(id: number, line: Line, credit: number): undefined {
    writeSubscribed(this.#to, id);
    this.#subscribed = line;
    line.consumer = (deliveries) => {
      writeDeliver(this.#to, id, deliveries);
      this.#flush();
    };
    this.#credit(credit);
  }

  #credit(add: number): undefined {
    const line = this.#subscribed;
    if (line === undefined) return;
    line.credit += add;
    line.handOut();
  }

  #flush(): void {
    this.#socket.cork();
    for (const block of this.#to.take()) this.#socket.write(block);
    this.#socket.uncork();
  }
}
