/**
 * One connection of `sluice.json`: requests, answers and pushes until one end has enough. It bounds what the client can make the server
 * hold, notices when the client has fallen silent or takes nothing, and gives back what it held when it is gone.
 */
import type { Duplex } from "node:stream";
import { problem } from "@sluice/http-edge";
import { type Clock, type Log, RefusalCounts, type Registry } from "@sluice/runtime";
import type { RawData, WebSocket } from "ws";
import type { BrokerApi, QueueBatchApi } from "../../../broker/api.ts";
import { failed, type Outcome } from "../../http/outcome.ts";
import { Heartbeat } from "../../tcp/full/heartbeat.ts";
import { Reads } from "../../tcp/full/reads.ts";
import type { Holder, TotalBytes } from "../../tcp/total-bytes.ts";
import type { JsonLimits } from "../limits.ts";
import { answerPings } from "../pings.ts";
import { bytesOf } from "../raw-data.ts";
import { UnfinishedMessage } from "../unfinished.ts";
import { type RequestId, readEnvelope } from "./envelope.ts";
import { HeldReceipts } from "./held-receipts.ts";
import { operations } from "./operations.ts";
import type { QueueRounds } from "./queue-rounds.ts";
import type { Answer, JsonSession, Standing } from "./session.ts";
import { TextOutbox } from "./text-outbox.ts";

export interface JsonConnectionOptions {
  readonly broker: BrokerApi & QueueBatchApi;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Registry;
  readonly limits: JsonLimits;
  readonly totalBytes: TotalBytes;
  readonly rounds: QueueRounds;
}

/** Close codes of RFC 6455 §7.4.1. */
const goingAway = 1001;
const unsupportedData = 1003;
const policyViolation = 1008;

/** Holding a request costs more than its bytes: without this, a flood of empty ones would be free. */
const overheadBytes = 256;

const text = new TextDecoder();
const shuttingDown = { code: "shutting-down", detail: "The server is shutting down." } as const;

export class JsonConnection implements JsonSession, Holder {
  readonly broker: BrokerApi & QueueBatchApi;
  readonly limits: JsonLimits;
  readonly held: HeldReceipts;
  readonly reads: Reads;
  readonly rounds: QueueRounds;
  readonly standing = new Map<number, Standing>();
  readonly #options: JsonConnectionOptions;
  readonly #webSocket: WebSocket;
  readonly #unfinished: UnfinishedMessage;
  readonly #outbox: TextOutbox;
  readonly #heartbeat: Heartbeat;
  readonly #gone = Promise.withResolvers<void>();
  /** `open` takes requests, `draining` only such as finish something, `over` none. */
  #phase: "open" | "draining" | "over" = "open";
  /** Requests under way: all, and those that do not wait. */
  #requestCount = 0;
  /** Called when no dequeue is under way any more. */
  #readsOver: (() => void) | undefined;
  #promptCount = 0;
  #requestBytes = 0;
  #malformedCount = 0;
  #lastNumber = 0;
  #isPaused = false;

  constructor(webSocket: WebSocket, socket: Duplex, options: JsonConnectionOptions) {
    const { broker, limits, rounds, totalBytes, clock } = options;
    this.#options = options;
    this.#webSocket = webSocket;
    this.broker = broker;
    this.limits = limits;
    this.rounds = rounds;
    this.held = new HeldReceipts(limits.heldCountMax);
    this.reads = new Reads({ countMax: limits.readCountMax, bytesMax: limits.readBytesMax });
    this.#outbox = new TextOutbox(webSocket, () => this.#roomier());
    totalBytes.add(this);
    this.#unfinished = new UnfinishedMessage(socket, webSocket, {
      totalBytes,
      log: options.log,
      heard: () => this.#heartbeat.heard(),
    });
    answerPings(webSocket);
    webSocket.on("message", (data, isBinary) => this.#received(data, isBinary));
    // What went wrong (a broken frame, a reset) is followed by "close", which is what counts.
    webSocket.on("error", () => {});
    webSocket.on("close", () => void this.#closed());
    this.#heartbeat = new Heartbeat({
      clock,
      intervalMs: limits.heartbeatMs,
      stallMs: limits.stallMs,
      listening: () => !this.#isPaused,
      partialBytes: () => this.#unfinished.heldBytes,
      outgoing: () => this.#outbox,
      // Whatever else is said: browsers answer pings, and say nothing else of their own accord.
      ping: () => webSocket.ping(),
      dead: (code, sentence) => this.#dead(code, sentence),
    });
  }

  /** Resolves when the socket is closed and nothing of it is under way any more. */
  get over(): Promise<void> {
    return this.#gone.promise;
  }

  get congested(): boolean {
    return this.#outbox.bytes > this.limits.pushBytes || this.#phase === "over";
  }

  get heldBytes(): number {
    return this.#outbox.bytes + this.#requestBytes + this.held.bytes;
  }

  evict(): void {
    this.#options.log.warn(
      { protocol: "websocket", heldBytes: this.heldBytes },
      "all connections hold too much; one that holds most is ended",
    );
    this.destroy();
  }

  destroy(): void {
    this.#webSocket.terminate();
  }

  nextNumber(): number {
    return ++this.#lastNumber;
  }

  push(message: string, handedOver?: () => void): void {
    if (this.#phase === "over") return;
    this.#options.totalBytes.grown(this.#outbox.add(message, handedOver));
  }

  /** Ends waits and subscriptions, and lets the client settle what it holds. The connection ends when it holds nothing, or with the server. */
  drain(): void {
    if (this.#phase !== "open") return;
    this.#phase = "draining";
    this.reads.cancelAll();
    for (const standing of [...this.standing.values()]) standing.end(shuttingDown);
    this.#considerEnd();
  }

  #received(data: RawData, isBinary: boolean): void {
    this.#heartbeat.completed();
    if (this.#phase === "over") return;
    if (isBinary) {
      this.#close(unsupportedData, "The subprotocol sluice.json is text.");
      return;
    }
    const bytes = bytesOf(data);
    const envelope = readEnvelope(text.decode(bytes));
    if (envelope.ok) {
      this.#malformedCount = 0;
      this.#request(envelope.id, envelope.op, envelope.fields, bytes.length);
    } else {
      this.#answer(null, failed(envelope.problem));
      this.#malformedCount++;
      const { malformedCountMax } = this.limits;
      if (this.#malformedCount >= malformedCountMax) {
        this.#close(policyViolation, `${malformedCountMax} messages one after the other were no requests.`);
        return;
      }
    }
    this.#considerPause();
  }

  #request(id: RequestId, op: string, fields: object, bytes: number): void {
    const operation = operations.get(op);
    if (operation === undefined) {
      const detail = `There is no such op; there are ${[...operations.keys()].join(", ")}.`;
      this.#answer(id, failed(problem(400, op === "" ? "missing-field" : "unknown-op", detail, "op")));
      return;
    }
    if (this.#phase === "draining" && !operation.finishes) {
      this.#answer(id, failed(problem(503, shuttingDown.code, shuttingDown.detail)));
      return;
    }
    const answer: Answer = (outcome, handedOver) => this.#answer(id, outcome, handedOver);
    const working = operation.run(this, fields, answer);
    if (working === undefined) return;
    const prompt = operation.waits ? 0 : 1;
    this.#requestCount++;
    this.#promptCount += prompt;
    this.#requestBytes += bytes + overheadBytes;
    void working.then(() => {
      this.#requestCount--;
      this.#promptCount -= prompt;
      this.#requestBytes -= bytes + overheadBytes;
      if (this.#requestCount === this.#promptCount) this.#readsOver?.();
      this.#roomier();
    });
  }

  #answer(id: RequestId | null, outcome: Outcome<object>, handedOver?: () => void): void {
    if (outcome.ok) {
      this.push(JSON.stringify({ id, ok: true, ...outcome.answer }), handedOver);
      return;
    }
    const { code, detail, field } = outcome.problem;
    RefusalCounts.of(this.#options.metrics).refused("websocket", code);
    const { retryAfterSeconds } = outcome;
    this.push(
      JSON.stringify({
        id,
        ok: false,
        code,
        detail,
        ...(field !== undefined && { field }),
        ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
      }),
      handedOver,
    );
  }

  #considerPause(): void {
    const { requestCountMax, requestBytesMax, outgoingBytesMax } = this.limits;
    const full =
      this.#promptCount > requestCountMax ||
      this.#requestBytes > requestBytesMax ||
      this.#outbox.bytes > outgoingBytesMax;
    if (full === this.#isPaused || this.#phase === "over") return;
    this.#isPaused = full;
    if (full) this.#webSocket.pause();
    else this.#webSocket.resume();
  }

  /** Something was answered or has left. */
  #roomier(): void {
    this.#considerPause();
    if (!this.congested) for (const standing of [...this.standing.values()]) standing.pump();
    this.#considerEnd();
  }

  #considerEnd(): void {
    if (this.#phase !== "draining" || this.#requestCount > 0 || this.held.count > 0) return;
    this.#close(goingAway, shuttingDown.detail);
  }

  #dead(code: string, sentence: string): void {
    this.#options.log.debug({ code, held: this.held.count }, "a WebSocket is given up");
    RefusalCounts.of(this.#options.metrics).refused("websocket", code);
    // Who has fallen silent would not hear it either.
    if (code === "heartbeat-missed") this.destroy();
    else this.#close(policyViolation, sentence);
  }

  /** Says the last word; the socket ends when the client has answered it, or soon after. */
  #close(code: number, sentence: string): void {
    if (this.#phase === "over") return;
    this.#over();
    this.#outbox.flushAll();
    this.#webSocket.close(code, sentence);
    // What the client still sends is read and forgotten, so that its answer to the last word is seen.
    if (this.#isPaused) this.#webSocket.resume();
  }

  #over(): void {
    this.#phase = "over";
    this.#heartbeat.stop();
    this.reads.cancelAll();
    for (const standing of [...this.standing.values()]) standing.end();
  }

  async #closed(): Promise<void> {
    this.#over();
    this.#outbox.close();
    this.#options.totalBytes.remove(this);
    // A dequeue that was too far to be cancelled brings something more to give back. Others may take long, such as a publish that is blocked.
    if (this.#requestCount > this.#promptCount) {
      await new Promise<void>((resolve) => {
        this.#readsOver = resolve;
      });
    }
    await this.held.giveBack(this.broker);
    this.#gone.resolve();
  }
}
