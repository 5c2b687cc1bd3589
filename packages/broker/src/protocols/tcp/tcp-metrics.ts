/** What the framed port counts, and the warnings that are said at most now and then. */
import type { RefusalCode } from "@sluice/protocol";
import { type Clock, Counter, Gauge, type Log, type Registry } from "@sluice/runtime";
import type { Channel } from "./channel.ts";

export type DropReason = "refused" | "overflow";

/** A flood of drops is one line in this many milliseconds, with how many they were. */
const warnEveryMs = 10_000;

export class TcpMetrics {
  readonly connections: Gauge<"role">;
  readonly frames: Counter<"direction">;
  readonly errors: Counter<"code">;
  readonly #dropped: Counter<"reason">;
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
    this.#dropped = new Counter({
      name: "sluice_tcp_dropped_total",
      help: "Messages that the broker refused (refused), and copies that a full consumer lost (overflow).",
      labelNames: ["reason"],
      registers,
    });
  }

  refused(code: RefusalCode): void {
    this.errors.inc({ code });
  }

  /** Counts drops and says so, at most once in ten seconds for each reason. */
  dropped(reason: DropReason, channel: Channel, count: number, detail: string): void {
    this.#dropped.inc({ reason }, count);
    const nowMs = this.#clock.now().monotonicMs;
    const unsaid = this.#unsaid.get(reason) ?? { count: 0, quietUntilMs: nowMs };
    unsaid.count += count;
    this.#unsaid.set(reason, unsaid);
    if (nowMs < unsaid.quietUntilMs) return;
    this.#log.warn(
      { reason, channel: channel.name, kind: channel.kind, dropped: unsaid.count, detail },
      "messages dropped",
    );
    unsaid.count = 0;
    unsaid.quietUntilMs = nowMs + warnEveryMs;
  }
}
