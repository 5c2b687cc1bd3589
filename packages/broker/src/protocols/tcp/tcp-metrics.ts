/** What the framed port counts, and its warnings about lost messages, of which a flood is one line now and then. */
import type { BrokerCode, RefusalCode } from "@sluice/protocol";
import { type Clock, Counter, Gauge, type Log, type Registry } from "@sluice/runtime";
import type { Channel } from "./channel.ts";

type DropReason = "refused" | "overflow";

/** A flood of drops is one line in this many milliseconds, with how many they were. */
const warnEveryMs = 10_000;

export class TcpMetrics {
  readonly connections: Gauge<"role">;
  readonly frames: Counter<"direction">;
  readonly errors: Counter<"code">;
  readonly #refused: Counter<"code">;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #unsaid = new Map<DropReason, { count: number; quietUntilMs: number }>();

  constructor(registry: Registry, clock: Clock, log: Log) {
    const registers = [registry];
    this.#clock = clock;
    this.#log = log;
    this.connections = new Gauge({
      name: "sluice_tcp_connections",
      help: "Open framed TCP connections by role; `none` have not said theirs.",
      labelNames: ["role"],
      registers,
    });
    this.frames = new Counter({
      name: "sluice_tcp_frames_total",
      help: "Messages read from producers (in) and written to consumers (out) over framed TCP.",
      labelNames: ["direction"],
      registers,
    });
    this.errors = new Counter({
      name: "sluice_tcp_errors_total",
      help: "Error frames sent, by code.",
      labelNames: ["code"],
      registers,
    });
    this.#refused = new Counter({
      name: "sluice_tcp_refused_messages_total",
      help: "Messages of classic producers that the broker refused and that are lost, by the refusal.",
      labelNames: ["code"],
      registers,
    });
  }

  errorSent(code: RefusalCode): void {
    this.errors.inc({ code });
  }

  /** The broker refused messages of a producer that gets no confirmation. */
  refused(code: BrokerCode, channel: Channel, count: number, detail: string): void {
    this.#refused.inc({ code }, count);
    this.#warn("refused", channel, count, detail);
  }

  /** A consumer lost its copies of messages. The broker counts them; here it is said. */
  overflowed(channel: Channel, count: number, detail: string): void {
    this.#warn("overflow", channel, count, detail);
  }

  #warn(reason: DropReason, channel: Channel, count: number, detail: string): void {
    const nowMs = this.#clock.now().monotonicMs;
    const unsaid = this.#unsaid.get(reason) ?? { count: 0, quietUntilMs: nowMs };
    unsaid.count += count;
    this.#unsaid.set(reason, unsaid);
    if (nowMs < unsaid.quietUntilMs) return;
    const { kind, name } = channel;
    this.#log.warn({ reason, kind, channel: name, messages: unsaid.count, detail }, "messages dropped");
    unsaid.count = 0;
    unsaid.quietUntilMs = nowMs + warnEveryMs;
  }
}
