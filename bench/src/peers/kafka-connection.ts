/** A connection to a Kafka broker: frames, numbered requests, answers in their order. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { FrameReader } from "@sluice/protocol";
import { KafkaReader, KafkaWriter } from "./kafka-bytes.ts";
import { PeerFailure } from "./peer-failure.ts";

/** A request whose answer the bench can read: key and version in Kafka's protocol, body, and what its answer says. */
export interface KafkaRequest<Answer> {
  readonly key: number;
  readonly version: number;
  readonly body: Uint8Array;
  readonly read: (from: KafkaReader) => Answer;
}

const answerBytesMax = 64 * 1024 * 1024;

export class KafkaConnection implements Disposable {
  readonly #socket: Socket;
  readonly #failure: PeerFailure;
  readonly #frames = new FrameReader(answerBytesMax);
  readonly #waiting = new Map<number, (answer: KafkaReader) => void>();
  #nextId = 1;

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.#failure = new PeerFailure("Kafka", socket);
    socket.on("data", (chunk: Uint8Array) => {
      for (const frame of this.#frames.push(chunk)) this.#take(frame);
    });
  }

  /** `host:port` */
  static async open(broker: string): Promise<KafkaConnection> {
    const { hostname: host, port } = new URL(`kafka://${broker}`);
    const socket = connect({ host, port: Number(port), noDelay: true });
    await once(socket, "connect");
    return new KafkaConnection(socket);
  }

  /** Rejects once anything came that should not have; never resolves. */
  get failed(): Promise<never> {
    return this.#failure.failed;
  }

  fail(what: string): void {
    this.#failure.fail(what);
  }

  ask<Answer>(request: KafkaRequest<Answer>, onAnswer: (answer: Answer) => void): void {
    const id = this.#nextId++;
    this.#waiting.set(id, (from) => onAnswer(request.read(from)));
    const head = new KafkaWriter().int16(request.key).int16(request.version).int32(id).string("sluice-bench");
    const payload = head.raw(request.body).finish();
    this.#socket.write(new KafkaWriter().bytes(payload).finish());
  }

  /** The same as a promise, for what is done rarely. */
  request<Answer>(request: KafkaRequest<Answer>): Promise<Answer> {
    return Promise.race([new Promise<Answer>((resolve) => this.ask(request, resolve)), this.failed]);
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }

  #take(frame: Uint8Array): void {
    const from = new KafkaReader(Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength));
    const id = from.int32();
    const answered = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (answered === undefined) this.fail("there came an answer to nothing");
    else answered(from);
  }
}
