/** What the framed port counts, and its warnings about lost messages, of which a flood is one line now and then. */
import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { BrokerCode, RefusalCode, Role } from "@sluice/protocol";
import {
  type Clock,
  ConnectionCounts,
  type ConnectionProtocol,
  Counter,
  Gauge,
  type Log,
  RefusalCounts,
  type Registry,
} from "@sluice/runtime";
import type { Channel } from "./channel.ts";

type DropReason = "refused" | "overflow";

/** A flood of drops is one line in this many milliseconds, with how many they were. */
const warnEveryMs = 10_000;

export class TcpMetrics {
  readonly #roles: Gauge<"role">;
  readonly frames: Counter<"direction">;
  readonly #connections: ConnectionCounts;
  readonly #refusals: RefusalCounts;
  readonly #refused: Counter<"code">;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #unsaid = new Map<DropReason, { count: number; quietUntilMs: number }>();

  constructor(registry: Registry, clock: Clock, log: Log) {
    const registers = [registry];
    this.#clock = clock;
    this.#log = log;
    this.#connections = ConnectionCounts.of(registry);
    this.#refusals = RefusalCounts.of(registry);
    this.#roles = new Gauge({
      name: "sluice_tcp_connections",
      help: "Open framed connections by role; `none` have not said theirs.",
      labelNames: ["role"],
      registers,
    });
    this.frames = new Counter({
      name: "sluice_tcp_frames_total",
      help: "Messages read from producers (in) and written to consumers (out) over framed TCP.",
      labelNames: ["direction"],
      registers,
    });
    this.#refused = new Counter({
      name: "sluice_tcp_refused_messages_total",
      help: "Messages of classic producers that the broker refused and that are lost, by the refusal.",
      labelNames: ["code"],
      registers,
    });
  }

  /** A connection is there and has not said its role. */
  opened(stream: Duplex): void {
    this.#roles.inc({ role: "none" });
    this.#speaks(stream, "framed");
  }

  /** It has said its role. */
  began(stream: Duplex, role: Role["kind"]): void {
    this.#roles.dec({ role: "none" });
    this.#roles.inc({ role });
    this.#speaks(stream, protocolOf(role));
  }

  closed(role: Role["kind"] | undefined): void {
    this.#roles.dec({ role: role ?? "none" });
  }

  /** The connection was told an error, which ends it. */
  errorSent(code: RefusalCode, role: Role["kind"] | undefined): void {
    this.#refusals.refused(protocolOf(role), code);
  }

  /** A request of SLUICE/1 was refused. */
  requestRefused(code: string): void {
    this.#refusals.refused("sluice/1", code);
  }

  /** Frames in a WebSocket have no socket of their own: the port that was upgraded counts it. */
  #speaks(stream: Duplex, protocol: ConnectionProtocol): void {
    if (stream instanceof Socket) this.#connections.speaks(stream, protocol);
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

function protocolOf(role: Role["kind"] | undefined): ConnectionProtocol {
  if (role === undefined) return "framed";
  return role === "full" ? "sluice/1" : "classic";
}
