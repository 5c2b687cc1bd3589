/**
 * The connection that is always there, or on its way: dials one address after the other, says hello, notices the end, and begins anew
 * with backoff and jitter, for ever unless the server refuses this client for good.
 */
import { type Hello, protocolVersion } from "@sluice/protocol/full";
import { type Backoff, backoffMs } from "./backoff.ts";
import { type Clock, pause, type Random } from "./clock.ts";
import { ClientFault, RefusedError, sentenceOf } from "./errors.ts";
import { Outbox } from "./outbox.ts";
import { Session, type SessionEnd } from "./session.ts";
import { StatusFeed } from "./status.ts";
import type { Address, Dial, TlsOptions, Transport } from "./transport.ts";

export interface LinkOptions {
  readonly addresses: readonly Address[];
  readonly dial: Dial;
  readonly tls: TlsOptions | undefined;
  readonly hello: Pick<Hello, "client" | "token" | "producer" | "heartbeatMs" | "wants">;
  /** Undefined: the first end is the last. */
  readonly backoff: Backoff | undefined;
  readonly outgoingBytesMax: number;
  readonly connectTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly clock: Clock;
  readonly random: Random;
}

/** What has to be begun again on every connection: a subscription, a membership. */
export interface Attachment {
  connected(session: Session): void;
  /** The server ends the connection when this client holds nothing any more. */
  draining(): void;
  disconnected(): void;
  /** There will be no further connection. */
  ended(error: Error): void;
}

/** What a server says when trying again the same way cannot help. */
const permanentCodes: ReadonlySet<string> = new Set([
  "unauthorized",
  "unsupported-version",
  "unsupported-feature",
  "unknown-role",
  "malformed-role",
  "invalid-field",
]);

/** A connection that lasted as long was a good one: the next attempts begin with short delays again. */
const steadyMs = 5_000;

interface Outcome extends SessionEnd {
  /** How long the connection lasted since its welcome; undefined when there was none. */
  readonly lastedMs: number | undefined;
  readonly reconnectAfterMs: number;
}

export class Link {
  readonly outbox: Outbox;
  readonly status = new StatusFeed();
  readonly clock: Clock;
  readonly random: Random;
  readonly #options: LinkOptions;
  readonly #attachments = new Set<Attachment>();
  readonly #closing = new AbortController();
  readonly #first = Promise.withResolvers<void>();
  /** The connection, from its first byte on. */
  #present: Session | undefined;
  /** The same, while it is ready for requests. */
  #session: Session | undefined;
  #end: Error | undefined;
  #running: Promise<void> | undefined;
  #place = 0;

  constructor(options: LinkOptions) {
    this.#options = options;
    this.clock = options.clock;
    this.random = options.random;
    this.outbox = new Outbox(options);
    // Who does not wait for the first connection hears of a failure by its status and by every request.
    this.#first.promise.catch(() => undefined);
  }

  /** The connection that is ready for requests. */
  get session(): Session | undefined {
    return this.#session;
  }

  /** Resolves at the first connection; rejects when there will be none. */
  get connected(): Promise<void> {
    return this.#first.promise;
  }

  get isReady(): boolean {
    return this.#session?.isHeard === true && this.#session.goaway === undefined;
  }

  start(): void {
    this.#running = this.#run();
  }

  attach(attachment: Attachment): Disposable {
    if (this.#end !== undefined) attachment.ended(this.#end);
    else {
      this.#attachments.add(attachment);
      if (this.#session !== undefined) attachment.connected(this.#session);
    }
    return { [Symbol.dispose]: () => void this.#attachments.delete(attachment) };
  }

  /** Hands over what was written, then ends everything. */
  async close(): Promise<void> {
    if (!this.#closing.signal.aborted) {
      this.#closing.abort();
      this.#finish(new ClientFault("closed", "The client was closed."));
      this.#present?.end();
      this.status.tell({ state: "closed" });
    }
    await this.#running;
  }

  async #run(): Promise<void> {
    const { addresses, backoff } = this.#options;
    const { signal } = this.#closing;
    let failures = 0;
    for (let attempt = 1; ; attempt++) {
      const address = addresses[this.#place % addresses.length];
      if (address === undefined || signal.aborted) return;
      this.status.tell({ state: "connecting", address: address.text, attempt });
      const outcome = await this.#connection(address);
      if (signal.aborted) return;
      const { code, sentence, lastedMs } = outcome;
      const isRefused = lastedMs === undefined && permanentCodes.has(code);
      if (isRefused || backoff === undefined) {
        this.#finish(
          isRefused
            ? new RefusedError({ code, sentence, retryAfterMs: 0 })
            : new ClientFault(lastedMs === undefined ? "connect-failed" : "connection-lost", sentence),
        );
        return this.status.tell({ state: "failed", address: address.text, code, sentence });
      }
      this.#place++;
      if (lastedMs !== undefined && lastedMs >= steadyMs) {
        failures = 0;
        attempt = 0;
      }
      // Every address gets its chance before anybody waits.
      const isRoundOver = lastedMs !== undefined || this.#place % addresses.length === 0;
      const delayMs = isRoundOver ? backoffMs(backoff, failures++, this.random) : 0;
      const nextAttemptMs = addresses.length > 1 ? delayMs : Math.max(delayMs, outcome.reconnectAfterMs);
      this.status.tell({ state: "disconnected", address: address.text, code, sentence, nextAttemptMs });
      if (nextAttemptMs > 0) await pause(this.clock, nextAttemptMs, signal);
    }
  }

  /** One attempt, and the connection that comes of it, to its end. */
  async #connection(address: Address): Promise<Outcome> {
    const { dial, tls, hello, connectTimeoutMs } = this.#options;
    const giveUp = new AbortController();
    const late = `No welcome came within ${connectTimeoutMs} ms.`;
    using timer = this.clock.after(connectTimeoutMs, () => giveUp.abort(new Error(late)));
    let transport: Transport;
    try {
      transport = await dial(address, {
        tls,
        signal: AbortSignal.any([giveUp.signal, this.#closing.signal]),
      });
    } catch (cause) {
      return {
        code: "connect-failed",
        sentence: sentenceOf(cause),
        lastedMs: undefined,
        reconnectAfterMs: 0,
      };
    }
    const over = Promise.withResolvers<Outcome>();
    let welcomedMs: number | undefined;
    const session = new Session(transport, this.clock, {
      welcomed: () => {
        welcomedMs = this.clock.now().monotonicMs;
        timer[Symbol.dispose]();
        this.#connected(session, address);
      },
      goaway: ({ code, sentence }) => {
        this.status.tell({ state: "draining", address: address.text, code, sentence });
        for (const attachment of [...this.#attachments]) attachment.draining();
      },
      room: () => this.outbox.pump(),
      ended: (end) => {
        this.#present = undefined;
        this.#disconnected(session);
        over.resolve({
          ...end,
          lastedMs: welcomedMs === undefined ? undefined : this.clock.now().monotonicMs - welcomedMs,
          reconnectAfterMs: session.goaway?.reconnectAfterMs ?? 0,
        });
      },
    });
    giveUp.signal.addEventListener("abort", () => session.fail("connect-failed", late));
    this.#present = session;
    if (this.#closing.signal.aborted) session.end();
    else session.start({ ...protocolVersion, ...hello });
    return await over.promise;
  }

  #connected(session: Session, { text }: Address): void {
    const { welcome } = session;
    if (welcome === undefined || this.#end !== undefined) return;
    this.#session = session;
    this.status.tell({
      state: "connected",
      address: text,
      server: welcome.server,
      session: welcome.session,
      durability: welcome.durability,
    });
    for (const attachment of [...this.#attachments]) attachment.connected(session);
    this.outbox.attach(session);
    this.#first.resolve();
  }

  #disconnected(session: Session): void {
    if (this.#session !== session) return;
    this.#session = undefined;
    for (const attachment of [...this.#attachments]) attachment.disconnected();
    this.outbox.detach(session);
  }

  #finish(error: Error): void {
    if (this.#end !== undefined) return;
    this.#end = error;
    this.outbox.close(error);
    for (const attachment of [...this.#attachments]) attachment.ended(error);
    this.#attachments.clear();
    this.#first.reject(error);
  }
}
