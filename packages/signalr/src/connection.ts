/**
 * One connection: handshake, records in their order, one invocation at a time, keep-alive, and the end. It knows neither sockets
 * nor methods: bytes come in by `receive` and leave by the transport, invocations go to the `Host`.
 */
import type { Clock } from "@sluice/runtime";
import { handshakeTimedOut, readHandshake, writeHandshake } from "./handshake.ts";
import type { HubConnection } from "./hub-connection.ts";
import {
  type ClientMessage,
  type Closing,
  pingRecord,
  readMessage,
  writeClose,
  writeInvocation,
} from "./json-protocol.ts";
import type { HubLimits } from "./limits.ts";
import { RecordSplitter } from "./records.ts";
import type { Transport } from "./transport.ts";

export type Invocation = Extract<ClientMessage, { readonly kind: "invocation" | "stream-invocation" }>;

/** What a connection asks of the hub that it belongs to. */
export interface Host {
  /** The handshake is done. Records are read after it resolves; a rejection closes the connection. */
  opened(connection: Connection): Promise<void>;
  /** Runs the method. Resolves with the record to answer with, if any; never rejects. */
  invoke(connection: Connection, invocation: Invocation): Promise<Uint8Array | undefined>;
  /** The transport is gone. Called once. */
  ended(connection: Connection): void;
}

const brokenRules = "Connection closed with an error.";

export class Connection implements HubConnection {
  readonly id: string;
  readonly userId: string | undefined;
  readonly #transport: Transport;
  readonly #host: Host;
  readonly #clock: Clock;
  readonly #limits: HubLimits;
  readonly #splitter: RecordSplitter;
  #phase: "handshake" | "open" | "closing" | "ended" = "handshake";
  #phaseSinceMs: number;
  #receivedMs: number;
  #sentMs: number;
  #hasPinged = false;
  #inbox: string[] = [];
  #working = false;
  #paused = false;

  constructor(options: {
    readonly id: string;
    readonly userId: string | undefined;
    readonly transport: Transport;
    readonly host: Host;
    readonly clock: Clock;
    readonly limits: HubLimits;
  }) {
    this.id = options.id;
    this.userId = options.userId;
    this.#transport = options.transport;
    this.#host = options.host;
    this.#clock = options.clock;
    this.#limits = options.limits;
    this.#splitter = new RecordSplitter(options.limits.recordBytesMax);
    this.#phaseSinceMs = this.#receivedMs = this.#sentMs = this.#nowMs();
  }

  /** Whether the client has shaken hands and nobody has said goodbye. */
  get isOpen(): boolean {
    return this.#phase === "open";
  }

  send(target: string, ...args: readonly unknown[]): void {
    if (this.isOpen) this.sendRecord(writeInvocation(target, args));
  }

  /** Sends a record that may be shared with other connections. */
  sendRecord(record: Uint8Array): void {
    if (!this.isOpen) return;
    if (this.#transport.bufferedBytes + record.byteLength > this.#limits.sendBufferBytesMax) {
      this.close({ error: "The client reads too slowly.", allowReconnect: true });
      return;
    }
    this.#write(record);
  }

  close(closing: Closing = {}): void {
    if (this.#phase === "closing" || this.#phase === "ended") return;
    const record =
      this.#phase === "open"
        ? writeClose(closing)
        : writeHandshake({ ok: false, error: closing.error ?? "The server is closing." });
    this.#write(record);
    this.#beginClosing();
  }

  /** Bytes came from the client. */
  receive(chunk: Uint8Array): void {
    if (this.#phase === "closing" || this.#phase === "ended") return;
    this.#receivedMs = this.#nowMs();
    const split = this.#splitter.push(chunk);
    if (!split.ok) {
      const bytesMax = this.#limits.recordBytesMax;
      const detail =
        split.refusal === "not-utf8"
          ? "The record is not UTF-8."
          : `The record has more than ${bytesMax} bytes.`;
      this.close({ error: `${brokenRules} ${detail}` });
      return;
    }
    this.#inbox.push(...split.records);
    this.#work();
    if (this.#working && this.#inbox.length > this.#limits.inboxRecordsMax && !this.#paused) {
      this.#paused = true;
      this.#transport.pause();
    }
  }

  /** The transport is gone, by whomever. */
  transportClosed(): void {
    if (this.#phase === "ended") return;
    this.#enter("ended");
    this.#inbox = [];
    this.#host.ended(this);
  }

  /** Looks at the clock; to be called about once a second. */
  sweep(): void {
    const nowMs = this.#nowMs();
    const { handshakeTimeoutMs, clientTimeoutMs, keepAliveMs, closeTimeoutMs } = this.#limits;
    switch (this.#phase) {
      case "handshake":
        if (nowMs - this.#phaseSinceMs >= handshakeTimeoutMs) this.close({ error: handshakeTimedOut });
        return;
      case "open":
        // Not every client pings, and those that do start at once: silence means something only after a first ping.
        if (this.#hasPinged && !this.#paused && nowMs - this.#receivedMs >= clientTimeoutMs) {
          this.close({ error: "The client was silent for too long.", allowReconnect: true });
        } else if (nowMs - this.#sentMs >= keepAliveMs) {
          this.sendRecord(pingRecord);
        }
        return;
      case "closing":
        if (nowMs - this.#phaseSinceMs >= closeTimeoutMs) this.#transport.terminate();
        return;
      case "ended":
        return;
    }
  }

  /** Takes records in order until one has to be waited for. */
  #work(): void {
    while (!this.#working && (this.#phase === "handshake" || this.#phase === "open")) {
      const record = this.#inbox.shift();
      if (record === undefined) break;
      if (this.#phase === "handshake") this.#shakeHands(record);
      else this.#take(record);
    }
    if (this.#paused && !this.#working) {
      this.#paused = false;
      this.#receivedMs = this.#nowMs();
      this.#transport.resume();
    }
  }

  #shakeHands(record: string): void {
    const handshake = readHandshake(record);
    if (handshake.ok) {
      this.#write(writeHandshake(handshake));
      this.#enter("open");
      this.#waitFor(this.#host.opened(this));
    } else {
      this.close({ error: handshake.error });
    }
  }

  #take(record: string): void {
    const read = readMessage(record);
    if (!read.ok) {
      this.close({ error: `${brokenRules} ${read.error}` });
      return;
    }
    const { message } = read;
    switch (message.kind) {
      case "ping":
        this.#hasPinged = true;
        return;
      case "close":
        this.#beginClosing();
        return;
      case "ignored":
        return;
      default:
        this.#waitFor(
          this.#host.invoke(this, message).then((answer) => {
            if (answer !== undefined) this.sendRecord(answer);
          }),
        );
    }
  }

  #waitFor(work: Promise<void>): void {
    this.#working = true;
    work
      .catch(() => this.close({ error: brokenRules }))
      .finally(() => {
        this.#working = false;
        this.#work();
      });
  }

  #write(record: Uint8Array): void {
    this.#sentMs = this.#nowMs();
    this.#transport.send(record);
  }

  #beginClosing(): void {
    this.#enter("closing");
    this.#inbox = [];
    this.#transport.close();
  }

  #enter(phase: "open" | "closing" | "ended"): void {
    this.#phase = phase;
    this.#phaseSinceMs = this.#nowMs();
  }

  #nowMs(): number {
    return this.#clock.now().monotonicMs;
  }
}
