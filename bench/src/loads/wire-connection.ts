/**
 * A SLUICE/1 connection of the bench: the codec of `@sluice/protocol` and callbacks, and not `@sluice/client`, so that the promises and
 * objects of a client are not measured with the server.
 */
import { once } from "node:events";
import { connect } from "node:net";
import type { Duplex } from "node:stream";
import { encodeFrame, FrameReader } from "@sluice/protocol";
import {
  FrameWriter,
  fullFrameBytesMax,
  pushVerbs,
  ReplyDecoder,
  type ServerFrame,
  type WireFault,
  writeHello,
  writePong,
} from "@sluice/protocol/full";
import { Fault } from "@sluice/runtime";
import { createWebSocketStream, WebSocket } from "ws";

type Came = ServerFrame | WireFault;
export type Named<Verb extends Came["verb"]> = Extract<ServerFrame, { readonly verb: Verb }>;
/** What a connection does with what comes unasked. */
export interface Pushes {
  /** False: it is none that was expected, and the connection has failed. */
  readonly onPush?: (push: ServerFrame) => boolean;
  /** Gets the payloads of `records` undecoded: a reader of millions a second can only count. */
  readonly onRecords?: (payload: Uint8Array) => void;
}

type Write = (to: FrameWriter, id: number) => void;

/** The server asks whether anybody is there at most as often, so that a load may rest while others are measured. */
const heartbeatMs = 60_000;

export class WireConnection implements Disposable {
  readonly #socket: Duplex;
  readonly #frames = new FrameReader(fullFrameBytesMax);
  readonly #decoder = new ReplyDecoder();
  readonly #to = new FrameWriter();
  readonly #waiting = new Map<number, (answer: Came) => void>();
  readonly #failure = Promise.withResolvers<never>();
  readonly #pushes: Pushes;
  #nextId = 1;
  #flushing = false;

  private constructor(socket: Duplex, pushes: Pushes) {
    this.#socket = socket;
    this.#pushes = pushes;
    // Rounds look at it; between rounds nobody does.
    this.#failure.promise.catch(() => {});
    socket.on("error", (cause) => this.fail(cause.message));
    socket.on("close", () => this.fail("the server ended the connection"));
    socket.on("data", (chunk: Uint8Array) => {
      for (const payload of this.#frames.push(chunk)) this.#take(payload);
    });
  }

  /** Connects and says hello. `over`: TCP to the framed port, or a WebSocket to the HTTP port. */
  static async open(
    port: number,
    pushes: Pushes = {},
    over: "tcp" | "websocket" = "tcp",
  ): Promise<WireConnection> {
    const socket = over === "tcp" ? await openTcp(port) : await openWebSocket(port);
    socket.write(encodeFrame(Buffer.from("SLUICE/1")));
    const connection = new WireConnection(socket, pushes);
    const hello = { major: 1, minor: 0, client: "bench", token: "", producer: "", heartbeatMs, wants: [] };
    await connection.request("welcome", (to, id) => writeHello(to, { ...hello, id }));
    return connection;
  }

  /** Rejects once anything came that should not have; never resolves. */
  get failed(): Promise<never> {
    return this.#failure.promise;
  }

  /** Ends every round on this connection. */
  fail(what: string): void {
    this.#failure.reject(new Fault("wire-failed", `Over SLUICE/1, ${what}.`));
  }

  /** Writes a request, together with what else is written in this turn. Returns its id. */
  ask<Verb extends ServerFrame["verb"]>(
    verb: Verb,
    write: Write,
    onAnswer: (answer: Named<Verb>) => void,
  ): number {
    const id = this.#nextId++;
    this.#waiting.set(id, (answer) => {
      if (answer.verb === verb) onAnswer(answer as Named<Verb>);
      else this.fail(`${verb} was awaited, and there came ${JSON.stringify(answer)}`);
    });
    this.tell((to) => write(to, id));
    return id;
  }

  /** The same as a promise, for what is done rarely. */
  request<Verb extends ServerFrame["verb"]>(verb: Verb, write: Write): Promise<Named<Verb>> {
    const answered = new Promise<Named<Verb>>((resolve) => this.ask(verb, write, resolve));
    return Promise.race([answered, this.failed]);
  }

  /** Writes what is not answered. */
  tell(write: (to: FrameWriter) => void): void {
    write(this.#to);
    if (this.#flushing) return;
    this.#flushing = true;
    queueMicrotask(() => this.#flush());
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }

  #flush(): void {
    this.#flushing = false;
    this.#socket.cork();
    for (const block of this.#to.take()) this.#socket.write(block);
    this.#socket.uncork();
  }

  #take(payload: Uint8Array): void {
    const { onPush, onRecords } = this.#pushes;
    if (payload[0] === pushVerbs.records && onRecords !== undefined) onRecords(payload);
    else this.#decoded(payload, onPush);
  }

  #decoded(payload: Uint8Array, onPush: Pushes["onPush"]): void {
    const came = this.#decoder.decode(payload);
    const answered = this.#waiting.get(came.id);
    if (came.verb === "ping") this.tell((to) => writePong(to, came.id));
    else if (answered !== undefined) {
      this.#waiting.delete(came.id);
      answered(came);
    } else if (came.verb === "unreadable" || onPush?.(came) !== true) {
      this.fail(`there came ${JSON.stringify(came)}`);
    }
  }
}

async function openTcp(port: number): Promise<Duplex> {
  const socket = connect({ host: "127.0.0.1", port, noDelay: true });
  await once(socket, "connect");
  return socket;
}

async function openWebSocket(port: number): Promise<Duplex> {
  const webSocket = new WebSocket(`ws://127.0.0.1:${port}/ws`, "sluice.1", { perMessageDeflate: false });
  await once(webSocket, "open");
  return createWebSocketStream(webSocket);
}
