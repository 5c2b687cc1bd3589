/** The client: one connection that is kept, and the queues and topics behind it. */

import { type GroupAnswer, type NamesAnswer, writeDescribeGroup, writeList } from "@sluice/protocol/full";
import { dialNetwork } from "#network";
import { type Backoff, defaultBackoff } from "./backoff.ts";
import { type Clock, pause, type Random, systemClock, systemRandom } from "./clock.ts";
import type { Closable, Context } from "./context.ts";
import { parseAddresses } from "./dial.ts";
import { GroupConsumer, type GroupConsumerOptions } from "./group-consumer.ts";
import { Link } from "./link.ts";
import { Queue } from "./queue.ts";
import { Settler } from "./settler.ts";
import type { Status } from "./status.ts";
import { Topic } from "./topic.ts";
import type { Transacted, Transaction } from "./transaction.ts";
import type { Dial, TlsOptions } from "./transport.ts";

export interface ClientOptions {
  /**
   * `tcp://host:port`, `tls://host:port`, or `ws://host:port` and `wss://host:port` of the HTTP port (in browsers the only ones): one or
   * several of the same broker; tried in turn.
   */
  readonly addresses: readonly string[];
  readonly token?: string;
  /** Stands in the server's log and list of connections. */
  readonly name?: string;
  readonly tls?: TlsOptions;
  /** False: the first connection that ends is the last. Default: for ever, with `defaultBackoff`. */
  readonly reconnect?: Partial<Backoff> | false;
  /**
   * Bytes of requests without an answer at most, above which a request is rejected as `buffer-full`. Default 16 MiB: four full frames on
   * the way, or ten seconds of 1 500 messages of 1 KiB while the server restarts.
   */
  readonly outgoingBytesMax?: number;
  /** For address, TLS and welcome together, in milliseconds. Default 10 000. */
  readonly connectTimeoutMs?: number;
  /** For one answer, reconnects included, in milliseconds. Default 30 000. */
  readonly requestTimeoutMs?: number;
  /** How long `close` waits for handlers and answers, in milliseconds. Default 5 000. */
  readonly closeTimeoutMs?: number;
  /** Interval of the signs of life in milliseconds; the server bounds it. Default: the server's. */
  readonly heartbeatMs?: number;
  /** Resolve at once instead of at the first connection; requests wait for it. Default false. */
  readonly lazy?: boolean;
  /** Gives up waiting for the first connection. */
  readonly signal?: AbortSignal;
  readonly clock?: Clock;
  readonly random?: Random;
  /** How to reach an address. Default: TCP, TLS or WebSocket, as its scheme says. */
  readonly dial?: Dial;
}

export type GroupDescription = Omit<GroupAnswer, "verb" | "id">;

const mebi = 1024 * 1024;

export class Client implements AsyncDisposable {
  readonly #link: Link;
  readonly #context: Context;
  readonly #closeTimeoutMs: number;
  #closing: Promise<void> | undefined;

  private constructor(link: Link, closeTimeoutMs: number) {
    this.#link = link;
    this.#closeTimeoutMs = closeTimeoutMs;
    let sequence = 0;
    const nextSequence = () => ++sequence;
    this.#context = {
      link,
      settler: new Settler(link.outbox, nextSequence),
      open: new Set<Closable>(),
      nextSequence,
      uniqueName: () => hex(link.random.bytes(8)),
    };
  }

  /**
   * Connects. Resolves at the first connection, which with `reconnect` may take for ever: `signal` bounds it, `lazy` does not wait.
   * @throws ClientFault `invalid-address`, `connect-failed` (only without `reconnect`); RefusedError when the server refuses this client
   * for good (`unauthorized`, `unsupported-version`, ...); the reason of `signal`.
   */
  static async connect(options: ClientOptions): Promise<Client> {
    const addresses = parseAddresses(options.addresses, options.tls);
    const { random = systemRandom, reconnect = {}, signal } = options;
    signal?.throwIfAborted();
    const link = new Link({
      addresses,
      dial: options.dial ?? dialNetwork,
      tls: options.tls,
      hello: {
        client: options.name ?? "sluice-client",
        token: options.token ?? "",
        producer: hex(random.bytes(16)),
        heartbeatMs: options.heartbeatMs ?? 0,
        wants: [],
      },
      backoff: reconnect === false ? undefined : { ...defaultBackoff, ...reconnect },
      outgoingBytesMax: options.outgoingBytesMax ?? 16 * mebi,
      connectTimeoutMs: options.connectTimeoutMs ?? 10_000,
      requestTimeoutMs: options.requestTimeoutMs ?? 30_000,
      clock: options.clock ?? systemClock,
      random,
    });
    const client = new Client(link, options.closeTimeoutMs ?? 5_000);
    link.start();
    if (options.lazy === true) return client;
    const aborted = Promise.withResolvers<never>();
    const abort = (): void => aborted.reject(signal?.reason);
    signal?.addEventListener("abort", abort, { once: true });
    try {
      await Promise.race([link.connected, aborted.promise]);
    } catch (error) {
      await link.close();
      throw error;
    } finally {
      signal?.removeEventListener("abort", abort);
    }
    return client;
  }

  /** Whether a server is there now, and has given a sign of life lately. */
  get isReady(): boolean {
    return this.#link.isReady;
  }

  /** Bytes of requests without an answer. */
  get outgoingBytes(): number {
    return this.#link.outbox.bytes;
  }

  /** What becomes of the connection, beginning with its present state. Ends when the client is closed or has failed. */
  status(): AsyncIterableIterator<Status> {
    return this.#link.status.read();
  }

  /** Calls `listener` at each change. Dispose the answer to end it. */
  on(_event: "status", listener: (status: Status) => void): Disposable {
    return this.#link.status.listen(listener);
  }

  queue(name: string): Queue {
    return new Queue(name, this.#context);
  }

  topic(name: string): Topic {
    return new Topic(name, this.#context);
  }

  /** A member of a consumer group. */
  consumer(options: GroupConsumerOptions): GroupConsumer {
    return new GroupConsumer(this.#context, this.#context.uniqueName(), options).start();
  }

  /**
   * All of it or nothing, at most 10 000 entries and 4 MiB. Transactions of one client land in the order of the calls.
   * @throws RefusedError `stale-generation`, `unexpected-offset`, ...; ClientFault as `Queue.send`, and of its `acks` as `Delivery.ack`.
   */
  transact(transaction: Transaction): Promise<Transacted> {
    return this.#context.settler.transact(transaction);
  }

  /**
   * Who is in a consumer group, who reads what, and how far behind it is.
   * @throws RefusedError `unknown-group` when nobody ever was; `limit-exceeded` when it does not fit a frame.
   */
  async describeGroup(group: string): Promise<GroupDescription> {
    const {
      verb: _,
      id: __,
      ...description
    } = await this.#link.outbox.ask("group", (to, request) => writeDescribeGroup(to, { id: request, group }));
    return description;
  }

  /** Names of all queues. */
  listQueues(): Promise<readonly string[]> {
    return this.#list("queues");
  }

  /** Names of all topics. */
  listTopics(): Promise<readonly string[]> {
    return this.#list("topics");
  }

  /**
   * Closes: nothing more is taken, handlers are aborted, what waits unread goes back, and what was asked is answered, for at most
   * `closeTimeoutMs`. Then the connection ends, and what has no answer rejects with `closed`.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    const { link, open } = this.#context;
    const patience = new AbortController();
    const orderly = async (): Promise<void> => {
      await Promise.all([...open].map((part) => part.close()));
      // What they give back is asked for at the end of this turn.
      await Promise.resolve();
      if (link.session !== undefined) await link.outbox.emptied();
      patience.abort();
    };
    await Promise.race([orderly(), pause(link.clock, this.#closeTimeoutMs, patience.signal)]);
    patience.abort();
    await link.close();
  }

  async #list(what: "queues" | "topics"): Promise<readonly string[]> {
    const names: string[] = [];
    for (let after = ""; ; after = names.at(-1) ?? "") {
      const page: NamesAnswer = await this.#link.outbox.ask("names", (to, id) =>
        writeList(to, { id, what, after, max: 1_000 }),
      );
      names.push(...page.names);
      if (!page.more) return names;
    }
  }
}

const hex = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
