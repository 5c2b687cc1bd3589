/** One framed connection from its first byte to its last: the role in time, then the role's work, then an orderly end. */
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { encodeErrorFrame, type RefusalCode, type Role, RoleReader } from "@sluice/protocol";
import { type Clock, Fault, type Log, type Timer } from "@sluice/runtime";
import type { TcpLimits } from "./limits.ts";
import type { HandedOver, Peer, RoleConnection } from "./peer.ts";
import type { TcpMetrics } from "./tcp-metrics.ts";
import type { Holder, TotalBytes } from "./total-bytes.ts";

export interface ConnectionOptions {
  readonly limits: TcpLimits;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: TcpMetrics;
  readonly totalBytes: TotalBytes;
  /** Makes what a role does, or refuses it on the peer and returns undefined. */
  readonly begin: (role: Role, peer: Peer) => RoleConnection | undefined;
}

/** `open`: role or work. `finishing`: the last bytes are on their way. `closed`: the socket is gone. */
type Phase = "open" | "finishing" | "closed";

export class Connection implements Peer, Holder {
  readonly #socket: Duplex;
  readonly #options: ConnectionOptions;
  readonly #roleReader = new RoleReader();
  readonly #over = Promise.withResolvers<void>();
  #phase: Phase = "open";
  #role: Role | undefined;
  #work: RoleConnection | undefined;
  #timer: Timer | undefined;

  constructor(socket: Duplex, options: ConnectionOptions) {
    this.#socket = socket;
    this.#options = options;
  }

  /** Resolves when the socket is closed and nothing that came over it is under way any more. */
  get over(): Promise<void> {
    return this.#over.promise;
  }

  get roleKind(): Role["kind"] | undefined {
    return this.#role?.kind;
  }

  /** Starts to listen to the client. Call once. */
  open(): void {
    const { limits, clock, metrics } = this.#options;
    const socket = this.#socket;
    metrics.opened(socket);
    this.#options.totalBytes.add(this);
    this.#timer = clock.after(limits.roleTimeoutMs, () => {
      this.refuse("role-timeout", `No role arrived in ${limits.roleTimeoutMs} ms.`);
    });
    socket.on("data", (bytes: Uint8Array) => this.#read(bytes));
    socket.on("drain", () => this.#work?.drained());
    socket.on("end", () => this.#ended());
    socket.on("error", (err) => this.#options.log.debug({ err }, "connection broken"));
    socket.on("close", () => void this.#closed());
  }

  get address(): string | undefined {
    return "remoteAddress" in this.#socket ? (this.#socket as Socket).remoteAddress : undefined;
  }

  get congested(): boolean {
    return this.#socket.writableLength > this.#options.limits.unsentBytesMax || this.#phase !== "open";
  }

  get heldBytes(): number {
    return this.#roleReader.heldBytes + this.#socket.writableLength + (this.#work?.heldBytes ?? 0);
  }

  grown(bytes: number): void {
    this.#options.totalBytes.grown(bytes);
  }

  evict(): void {
    const { role, heldBytes, address } = {
      role: this.roleKind,
      heldBytes: this.heldBytes,
      address: this.address,
    };
    this.#options.log.warn(
      { role, heldBytes, address },
      "all connections hold too much; one that holds most is ended",
    );
    this.destroy();
  }

  write(blocks: readonly Uint8Array[], handedOver?: HandedOver): void {
    if (this.#phase !== "open") {
      handedOver?.(new Fault("connection-ended", "The connection takes no more writes."));
      return;
    }
    const last = blocks.length - 1;
    if (last > 0) this.#socket.cork();
    blocks.forEach((block, i) => {
      this.#socket.write(block, i === last ? handedOver : undefined);
    });
    if (last > 0) this.#socket.uncork();
    const unsentBytes = this.#socket.writableLength;
    if (unsentBytes > 0) this.grown(unsentBytes);
  }

  pause(): void {
    if (this.#phase === "open") this.#socket.pause();
  }

  resume(): void {
    if (this.#phase === "open") this.#socket.resume();
  }

  refuse(code: RefusalCode, sentence: string): void {
    if (this.#phase !== "open") return;
    this.#options.metrics.errorSent(code, this.roleKind);
    // Without the sentence: it may quote what the client said, and that may be a token in a wrong place.
    this.#options.log.info({ code, role: this.roleKind, address: this.address }, "connection refused");
    this.write([encodeErrorFrame(code, sentence)]);
    this.finish();
    // A client that does not read may not hold the connection either: here the error may go unread, messages may not.
    this.#linger();
  }

  finish(): void {
    if (this.#phase !== "open") return;
    this.#phase = "finishing";
    this.#disarm();
    // What the client still sends is read and forgotten: closing with unread bytes would reset the connection, and
    // a reset takes with it what the client has not read yet.
    this.#socket.resume();
    this.#socket.end(() => this.#linger());
  }

  /** Takes no new work and ends when what was begun is done. Resolves when the broker has answered for all of it. */
  async drain(): Promise<void> {
    if (this.#work === undefined) this.refuse("shutting-down", "The server is shutting down.");
    else if (this.#phase === "open") await this.#work.drain();
  }

  /** Ends it at once. */
  destroy(): void {
    this.#socket.destroy();
  }

  #read(bytes: Uint8Array): void {
    if (this.#phase !== "open") return;
    this.#take(bytes);
    // Last: it may end this connection.
    this.grown(bytes.length);
  }

  #take(bytes: Uint8Array): void {
    if (this.#role !== undefined) {
      this.#work?.push(this.#roleReader.strip(bytes));
      return;
    }
    const step = this.#roleReader.push(bytes);
    if (step.state === "incomplete") return;
    if (step.state === "fault") {
      this.refuse(step.fault.code, step.fault.sentence);
      return;
    }
    this.#begin(step.role);
    if (step.rest.length > 0) this.#work?.push(step.rest);
  }

  #begin(role: Role): void {
    this.#disarm();
    this.#role = role;
    this.#options.metrics.began(this.#socket, role.kind);
    this.#work = this.#options.begin(role, this);
  }

  #ended(): void {
    if (this.#phase !== "open") return;
    if (this.#work !== undefined) this.#work.ended();
    else if (this.#roleReader.heldBytes === 0) this.finish();
    else this.refuse("malformed-role", "The connection ended in the middle of its role.");
  }

  async #closed(): Promise<void> {
    this.#phase = "closed";
    this.#disarm();
    this.#options.totalBytes.remove(this);
    this.#options.metrics.closed(this.roleKind);
    await this.#work?.closed();
    this.#over.resolve();
  }

  #linger(): void {
    if (this.#phase === "closed") return;
    this.#disarm();
    this.#timer = this.#options.clock.after(this.#options.limits.lingerMs, () => this.#socket.destroy());
  }

  #disarm(): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
  }
}
