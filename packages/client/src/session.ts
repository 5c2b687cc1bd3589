/** One connection from its first byte to its last: role, hello, requests with their answers, pushes, and signs of life both ways. */
import { type BrokerCode, encodeFrame, FrameReader } from "@sluice/protocol";
import {
  type Assigned,
  type Deliver,
  type Ended,
  FrameWriter,
  fullFrameBytesMax,
  type Goaway,
  type Hello,
  type RecordsPush,
  type RefusedAnswer,
  ReplyDecoder,
  type Revoked,
  type ServerFrame,
  type Welcome,
  writeCancel,
  writeHello,
  writePong,
} from "@sluice/protocol/full";
import type { Clock } from "./clock.ts";
import { ClientFault, RefusedError, sentenceOf } from "./errors.ts";
import { Heartbeat } from "./heartbeat.ts";
import { Request, type WriteRequest } from "./request.ts";
import type { Transport } from "./transport.ts";

/** What comes to a subscription or membership without being asked for. */
export type RoutedPush = Deliver | RecordsPush | Ended | Assigned | Revoked;
export type Route = (push: RoutedPush) => void;

/** Why a connection is over. */
export interface SessionEnd {
  readonly code: string;
  readonly sentence: string;
}

export interface SessionEvents {
  welcomed(welcome: Welcome): void;
  goaway(goaway: Goaway): void;
  /** A request was answered, or what was written has been handed over: there may be room for more. */
  room(): void;
  /** Called once. What is still in flight is to be taken with `takeInFlight`. */
  ended(end: SessionEnd): void;
}

const shuttingDown: BrokerCode = "shutting-down";
const role = encodeFrame(new TextEncoder().encode("SLUICE/1"));

export class Session {
  readonly #transport: Transport;
  readonly #clock: Clock;
  readonly #events: SessionEvents;
  readonly #reader = new FrameReader(fullFrameBytesMax);
  readonly #decoder = new ReplyDecoder();
  readonly #writer = new FrameWriter();
  readonly #inFlight = new Map<number, Request>();
  /** Refused only because the server shuts down: for the next connection. */
  readonly #postponed: Request[] = [];
  readonly #routes = new Map<number, Route>();
  #heartbeat: Heartbeat | undefined;
  #helloId = 0;
  #lastId = 0;
  #welcome: Welcome | undefined;
  #goaway: Goaway | undefined;
  #willFlush = false;
  #isOver = false;

  constructor(transport: Transport, clock: Clock, events: SessionEvents) {
    this.#transport = transport;
    this.#clock = clock;
    this.#events = events;
  }

  /** Undefined until the server has said it. */
  get welcome(): Welcome | undefined {
    return this.#welcome;
  }

  /** The server takes no new work on this connection. */
  get goaway(): Goaway | undefined {
    return this.#goaway;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Whether the server has given a sign of life lately. */
  get isHeard(): boolean {
    return !this.#isOver && this.#heartbeat !== undefined && !this.#heartbeat.isSilent;
  }

  get inFlightCount(): number {
    return this.#inFlight.size;
  }

  /** Written, and not handed to the operating system yet. */
  get bufferedBytes(): number {
    return this.#writer.bytes + this.#transport.bufferedBytes;
  }

  start(hello: Omit<Hello, "verb" | "id">): void {
    this.#transport.start({
      bytes: (chunk) => this.#read(chunk),
      drained: () => this.#events.room(),
      ended: (cause) =>
        this.fail("connection-lost", cause === undefined ? "The server ended it." : sentenceOf(cause)),
    });
    if (this.#isOver) return;
    this.#helloId = this.#nextId();
    writeHello(this.#writer, { ...hello, id: this.#helloId });
    this.#transport.write([role, ...this.#writer.take()]);
  }

  /** Writes a request. One that cannot be said is rejected and takes nothing with it. */
  send(request: Request): void {
    const id = this.#nextId();
    try {
      request.write(this.#writer, id);
    } catch (cause) {
      // The half of a frame must not stand in front of the next one.
      this.#writer.abandon();
      request.fail(new ClientFault("invalid-request", sentenceOf(cause), { cause }));
      return;
    }
    request.id = id;
    this.#inFlight.set(id, request);
    this.#flushSoon();
  }

  /**
   * Begins a subscription or membership: its pushes go to `route` from now on. `begun` resolves when the server agreed, and rejects
   * when it refused or the connection ended; then nothing is routed any more.
   */
  open(
    expects: "subscribed" | "listening" | "joined",
    write: WriteRequest,
    route: Route,
  ): { readonly id: number; readonly begun: Promise<void> } {
    const answered = Promise.withResolvers<void>();
    const request = new Request(expects, write, {
      bytes: 0,
      isUrgent: true,
      survives: false,
      dueMs: Number.POSITIVE_INFINITY,
      resolve: () => answered.resolve(),
      reject: (error) => {
        this.#routes.delete(request.id);
        answered.reject(error);
      },
      late: undefined,
      over: () => undefined,
    });
    this.send(request);
    if (request.id !== 0) this.#routes.set(request.id, route);
    return { id: request.id, begun: answered.promise };
  }

  /** Writes what is never answered. */
  say(write: (to: FrameWriter) => void): void {
    if (this.#isOver) return;
    write(this.#writer);
    this.#flushSoon();
  }

  /** Asks the server to end the wait of a request, or a subscription. */
  cancel(id: number): void {
    this.say((to) => writeCancel(to, id));
  }

  /** Where pushes with that id go from now on. */
  reroute(id: number, route: Route): void {
    if (this.#routes.has(id)) this.#routes.set(id, route);
  }

  unroute(id: number): void {
    this.#routes.delete(id);
  }

  /** Requests without an answer, in the order in which they were sent. They are no longer this session's. */
  takeInFlight(): readonly Request[] {
    const requests = [...this.#postponed.splice(0), ...this.#inFlight.values()];
    this.#inFlight.clear();
    for (const request of requests) request.id = 0;
    return requests;
  }

  /** Hands over what was written, then ends. */
  end(): void {
    this.#flush();
    this.#over({ code: "closed", sentence: "This client closed it." }, () => this.#transport.end());
  }

  /** Ends the connection at once. */
  fail(code: string, sentence: string): void {
    this.#over({ code, sentence }, () => this.#transport.destroy());
  }

  #over(end: SessionEnd, close: () => void): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#heartbeat?.[Symbol.dispose]();
    close();
    this.#routes.clear();
    this.#events.ended(end);
  }

  #nextId(): number {
    do {
      this.#lastId = this.#lastId === 0xffff_ffff ? 1 : this.#lastId + 1;
    } while (this.#inFlight.has(this.#lastId) || this.#routes.has(this.#lastId));
    return this.#lastId;
  }

  /** One write for everything that this turn has to say. */
  #flushSoon(): void {
    if (this.#willFlush) return;
    this.#willFlush = true;
    queueMicrotask(() => {
      this.#willFlush = false;
      this.#flush();
    });
  }

  #flush(): void {
    if (this.#isOver || this.#writer.bytes === 0) return;
    this.#transport.write(this.#writer.take());
    this.#heartbeat?.spoke();
  }

  #read(chunk: Uint8Array): void {
    if (this.#isOver) return;
    this.#heartbeat?.heard();
    for (const payload of this.#reader.push(chunk)) {
      const frame = this.#decoder.decode(payload);
      if (frame.verb === "unreadable") {
        // A newer server may push what this client does not know; what it knows has to be right.
        if (frame.code === "unknown-verb") continue;
        this.fail("protocol-fault", frame.sentence);
        return;
      }
      this.#take(frame);
      if (this.#isOver) return;
    }
    if (this.#reader.fault !== undefined) {
      this.fail("protocol-fault", `A frame of ${this.#reader.fault.frameBytes} bytes was announced.`);
      return;
    }
    this.#events.room();
  }

  #take(frame: ServerFrame): void {
    switch (frame.verb) {
      case "ping":
        this.say((to) => writePong(to, frame.id));
        return;
      case "pong":
        return;
      case "error":
        this.fail(frame.code, frame.sentence);
        return;
      case "goaway":
        this.#goaway = frame;
        this.#events.goaway(frame);
        return;
      case "welcome":
        this.#begin(frame);
        return;
      case "deliver":
      case "records":
      case "ended":
      case "assigned":
      case "revoked":
        this.#routes.get(frame.id)?.(frame);
        return;
      case "refused":
        if (frame.id === this.#helloId) {
          this.fail(frame.code, frame.sentence);
          return;
        }
        this.#refused(frame);
        return;
      default: {
        const request = this.#inFlight.get(frame.id);
        if (request === undefined) return;
        this.#inFlight.delete(frame.id);
        if (!request.answer(frame)) this.fail("protocol-fault", `The answer ${frame.verb} fits no request.`);
      }
    }
  }

  #refused(refused: RefusedAnswer): void {
    const request = this.#inFlight.get(refused.id);
    if (request === undefined) return;
    this.#inFlight.delete(refused.id);
    // It crossed the goaway: nothing was done, and the next connection can.
    if (refused.code === shuttingDown && request.survives !== false && !request.isOver)
      this.#postponed.push(request);
    else request.fail(new RefusedError(refused));
  }

  #begin(welcome: Welcome): void {
    if (this.#welcome !== undefined) {
      this.fail("protocol-fault", "The server said welcome twice.");
      return;
    }
    this.#welcome = welcome;
    this.#heartbeat = new Heartbeat(this.#clock, welcome.heartbeatMs, {
      say: (write: WriteRequest) => this.say((to) => write(to, 0)),
      silent: (sentence) => this.fail("silent-peer", sentence),
    });
    this.#events.welcomed(welcome);
  }
}
