/**
 * One connection of the full protocol: hello, then requests, answers and pushes until one end has enough. It bounds what the client can
 * make the server hold, keeps the heartbeat, and gives back what the client held when it is gone.
 */
import { FrameReader, type RefusalCode } from "@sluice/protocol";
import {
  type ClientFrame,
  type FrameWriter,
  fullFrameBytesMax,
  RequestDecoder,
  type WireFault,
  writeGoaway,
  writePing,
  writePong,
  writeWelcome,
} from "@sluice/protocol/full";
import type { Clock, Log, Timer } from "@sluice/runtime";
import type { Peer, RoleConnection } from "../peer.ts";
import { dispatch } from "./dispatch.ts";
import type { FullBroker } from "./full-broker.ts";
import { type Authenticate, greet } from "./greeting.ts";
import { Heartbeat } from "./heartbeat.ts";
import { HeldDeliveries } from "./held-deliveries.ts";
import type { FullLimits } from "./limits.ts";
import { Load } from "./load.ts";
import type { MemberOwners } from "./member-owners.ts";
import { Outbox } from "./outbox.ts";
import { Reads } from "./reads.ts";
import { protocolRefusal, refuse, type Session, type Standing } from "./session.ts";
import type { SharedRecords } from "./shared-records.ts";

export interface FullConnectionOptions {
  readonly broker: FullBroker;
  readonly clock: Clock;
  /** Names the session in each line. */
  readonly log: Log;
  readonly limits: FullLimits;
  readonly authenticate: Authenticate;
  /** Told the code of each request that is refused. */
  readonly refused: (code: string) => void;
  readonly shared: SharedRecords;
  readonly owners: MemberOwners;
  /** Names this connection. */
  readonly session: string;
}

export class FullConnection implements RoleConnection, Session {
  readonly broker: FullBroker;
  readonly limits: FullLimits;
  readonly shared: SharedRecords;
  readonly owners: MemberOwners;
  readonly held: HeldDeliveries;
  readonly reads: Reads;
  readonly standing = new Map<number, Standing>();
  readonly #peer: Peer;
  readonly #options: FullConnectionOptions;
  readonly #frames = new FrameReader(fullFrameBytesMax);
  readonly #requests = new RequestDecoder();
  readonly #outbox: Outbox;
  #helloTimer: Timer | undefined;
  #heartbeat: Heartbeat | undefined;
  #producer = "";
  readonly #load = new Load();
  /** What waited to be sent when it was last looked at. */
  #outgoingBytes = 0;
  #paused = false;
  /**
   * `open` takes requests, `draining` only such as finish something. `ending` takes nothing and says its last word when all that was
   * taken is answered. `over` says nothing any more.
   */
  #phase: "hello" | "open" | "draining" | "ending" | "over" = "hello";
  #lastWord: (() => void) | undefined;

  constructor(peer: Peer, options: FullConnectionOptions) {
    const { broker, limits, shared, owners, clock } = options;
    this.#peer = peer;
    this.#options = options;
    this.broker = broker;
    this.limits = limits;
    this.shared = shared;
    this.owners = owners;
    this.held = new HeldDeliveries(limits.heldCountMax);
    this.reads = new Reads({ countMax: limits.readCountMax, bytesMax: limits.readBytesMax });
    this.#outbox = new Outbox({ peer, changed: () => this.#roomier() });
    this.#helloTimer = clock.after(limits.helloTimeoutMs, () =>
      this.#fail("hello-timeout", `No hello arrived in ${limits.helloTimeoutMs} ms.`),
    );
  }

  get to(): FrameWriter {
    return this.#outbox.to;
  }

  get producer(): string {
    return this.#producer;
  }

  get draining(): boolean {
    return this.#phase !== "open";
  }

  get congested(): boolean {
    return this.#outbox.bytes > this.limits.pushBytes;
  }

  get heldBytes(): number {
    return this.#outbox.unwrittenBytes + this.#load.bytes + this.#frames.partialBytes;
  }

  answered(handedOver?: () => void): void {
    this.#heartbeat?.said();
    const { bytes } = this.#outbox;
    if (bytes > this.#outgoingBytes) this.#peer.grown(bytes - this.#outgoingBytes);
    this.#outgoingBytes = bytes;
    this.#outbox.written(handedOver);
  }

  refused(code: string): void {
    this.#options.refused(code);
  }

  push(bytes: Uint8Array): void {
    if (!this.#listens()) return;
    this.#heartbeat?.heard();
    for (const payload of this.#frames.push(bytes)) {
      this.#take(payload);
      if (!this.#listens()) return;
    }
    const { fault } = this.#frames;
    if (fault !== undefined) {
      const sentence = `A frame announced ${fault.frameBytes} bytes; the limit is ${fault.frameBytesMax}.`;
      this.#endWith(fault.code, sentence);
    } else {
      this.#considerPause();
    }
  }

  ended(): void {
    if (!this.#listens()) return;
    const bytes = this.#frames.partialBytes;
    if (bytes === 0) this.#end(() => this.#peer.finish());
    else
      this.#endWith(
        "incomplete-frame",
        `The connection ended inside a frame; ${bytes} bytes were discarded.`,
      );
  }

  drained(): void {}

  async closed(): Promise<void> {
    this.#over();
    this.#outbox.close();
    this.reads.cancelAll();
    await Promise.all([...this.standing.values()].map((standing) => standing.close()));
    await this.#load.whenReadsOver();
    await this.held.giveBack(this.broker);
    await this.#load.whenIdle();
  }

  /**
   * Says goaway, ends every wait and subscription, and lets the client settle what it holds. Resolves when the broker has answered for
   * all requests that were read; the connection ends when nothing is held any more, or with the server.
   */
  async drain(): Promise<void> {
    if (this.#phase === "hello") this.#endWith("shutting-down", "The server is shutting down.");
    if (this.#phase !== "open") return;
    this.#phase = "draining";
    const { reconnectAfterMs } = this.limits;
    writeGoaway(this.to, {
      code: "shutting-down",
      sentence: "The server is shutting down.",
      reconnectAfterMs,
    });
    this.answered();
    this.reads.cancelAll();
    for (const standing of this.standing.values()) standing.drain();
    await this.#load.whenIdle();
    this.#considerEnd();
  }

  #listens(): boolean {
    return this.#phase !== "ending" && this.#phase !== "over";
  }

  #take(payload: Uint8Array): void {
    this.#heartbeat?.completed();
    const frame = this.#requests.decode(payload);
    if (frame.verb === "unreadable") {
      this.#refuseUnreadable(frame);
    } else if (this.#phase === "hello" || frame.verb === "hello") {
      this.#greet(frame);
    } else if (frame.verb === "ping") {
      writePong(this.to, frame.id);
      this.answered();
    } else if (frame.verb !== "pong") {
      const working = dispatch(this, frame);
      if (working !== undefined) this.#load.add(frame.verb, payload.length, working, () => this.#roomier());
    }
  }

  #greet(frame: ClientFrame): void {
    if (this.#phase !== "hello" || frame.verb !== "hello") {
      this.#endWith("hello-expected", "A connection says hello first, and once.");
      return;
    }
    const { broker, authenticate, session, log } = this.#options;
    const greeting = greet(frame, {
      broker,
      limits: this.limits,
      authenticate,
      address: this.#peer.address,
      session,
    });
    if (!greeting.ok) {
      this.#endWith(greeting.code, greeting.sentence);
      return;
    }
    this.#helloTimer?.[Symbol.dispose]();
    this.#phase = "open";
    this.#producer = frame.producer;
    log.debug({ client: frame.client, address: this.#peer.address }, "a client said hello");
    writeWelcome(this.to, greeting.welcome);
    this.#heartbeat = this.#startHeartbeat(greeting.welcome.heartbeatMs);
    this.answered();
  }

  #startHeartbeat(intervalMs: number): Heartbeat {
    return new Heartbeat({
      clock: this.#options.clock,
      intervalMs,
      stallMs: this.limits.stallMs,
      listening: () => !this.#paused,
      partialBytes: () => this.#frames.partialBytes,
      outgoing: () => this.#outbox,
      ping: () => {
        writePing(this.to, 0);
        this.answered();
      },
      dead: (code, sentence) => this.#fail(code, sentence),
    });
  }

  /** A peer that breaks the grammar is broken or not a peer: it is told, and goes. What is merely unknown or too much is refused. */
  #refuseUnreadable({ id, code, sentence }: WireFault): void {
    if (id !== 0) refuse(this, id, protocolRefusal(code, sentence));
    if (code === "malformed" || id === 0) this.#endWith(code, sentence);
  }

  /** Takes nothing more, and says the error when all that was taken is answered. */
  #endWith(code: RefusalCode, sentence: string): void {
    this.#end(() => this.#peer.refuse(code, sentence));
  }

  #end(lastWord: () => void): void {
    this.#phase = "ending";
    this.#lastWord = lastWord;
    this.#helloTimer?.[Symbol.dispose]();
    this.reads.cancelAll();
    this.#considerEnd();
  }

  /** Says the error at once: nobody waits for answers any more. */
  #fail(code: RefusalCode, sentence: string): void {
    if (this.#phase === "over") return;
    this.#over();
    this.#options.log.debug({ code, held: this.held.count }, "the connection is given up");
    this.#outbox.flushAll();
    this.#peer.refuse(code, sentence);
  }

  #over(): void {
    this.#phase = "over";
    this.#helloTimer?.[Symbol.dispose]();
    this.#heartbeat?.stop();
  }

  #considerPause(): void {
    const { requestCountMax, requestBytesMax, outgoingBytesMax } = this.limits;
    const full =
      this.#load.exceeds(requestCountMax, requestBytesMax) || this.#outbox.bytes > outgoingBytesMax;
    if (full === this.#paused || !this.#listens()) return;
    this.#paused = full;
    if (full) this.#peer.pause();
    else this.#peer.resume();
  }

  /** Something was answered or has left. */
  #roomier(): void {
    this.#outgoingBytes = this.#outbox.bytes;
    this.#considerPause();
    if (!this.congested) for (const standing of this.standing.values()) standing.pump();
    this.#considerEnd();
  }

  /** When all is answered: the last word, or on a draining server the end, unless the client has something to finish. */
  #considerEnd(): void {
    if (!this.#load.isIdle) return;
    if (this.#phase === "draining" && this.held.count === 0) {
      for (const standing of this.standing.values()) if (standing.unfinished) return;
      this.#lastWord = () => this.#peer.refuse("shutting-down", "The server is shutting down.");
      this.#phase = "ending";
    }
    if (this.#phase !== "ending") return;
    this.#over();
    this.#outbox.flushAll();
    this.#lastWord?.();
  }
}
