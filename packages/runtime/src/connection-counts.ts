/**
 * How many connections are open, by the protocol that is spoken on them, and the bytes that go over them. Sockets count their bytes themselves;
 * they are asked when somebody scrapes, so that counting costs a connection nothing while it is busy.
 */
import type { Duplex } from "node:stream";
import { Counter, Gauge, type Registry } from "prom-client";

/** `classic` and `sluice/1` over framed TCP; `framed` has not said yet which of them. `websocket` is whatever was upgraded from HTTP. */
export const connectionProtocols = ["framed", "classic", "sluice/1", "http", "websocket"] as const;
export type ConnectionProtocol = (typeof connectionProtocols)[number];

interface Bytes {
  in: number;
  out: number;
}

const byRegistry = new WeakMap<Registry, ConnectionCounts>();

export class ConnectionCounts {
  readonly #open = new Map<Duplex, ConnectionProtocol>();
  /** Of connections that have ended, and of those that are open until they spoke another protocol. */
  readonly #before = new Map<ConnectionProtocol, Bytes>();
  readonly #bytesBefore = new WeakMap<Duplex, Bytes>();

  /** The one of a registry: all ports of a process count in the same metrics. */
  static of(registry: Registry): ConnectionCounts {
    const known = byRegistry.get(registry);
    if (known !== undefined) return known;
    const made = new ConnectionCounts(registry);
    byRegistry.set(registry, made);
    return made;
  }

  private constructor(registry: Registry) {
    const counts = this;
    new Gauge({
      name: "sluice_connections",
      help: "Open connections by protocol",
      labelNames: ["protocol"],
      registers: [registry],
      collect() {
        for (const protocol of connectionProtocols) this.set({ protocol }, counts.count(protocol));
      },
    });
    new Counter({
      name: "sluice_network_bytes_total",
      help: "Bytes read from connections (in) and written to them (out), by protocol",
      labelNames: ["protocol", "direction"],
      registers: [registry],
      collect() {
        this.reset();
        for (const [protocol, bytes] of counts.#bytes()) {
          this.inc({ protocol, direction: "in" }, bytes.in);
          this.inc({ protocol, direction: "out" }, bytes.out);
        }
      },
    });
  }

  /** The connection is open and speaks that, or speaks it from now on. Counted until it closes. */
  speaks(socket: Duplex, protocol: ConnectionProtocol): void {
    if (socket.destroyed) return;
    if (this.#open.has(socket)) this.#settle(socket);
    else socket.once("close", () => this.#close(socket));
    this.#open.set(socket, protocol);
  }

  count(wanted: ConnectionProtocol): number {
    let count = 0;
    for (const protocol of this.#open.values()) if (protocol === wanted) count++;
    return count;
  }

  #close(socket: Duplex): void {
    this.#settle(socket);
    this.#open.delete(socket);
  }

  /** What went over the socket so far belongs to the protocol that it speaks. */
  #settle(socket: Duplex): void {
    const protocol = this.#open.get(socket);
    if (protocol === undefined) return;
    const [settled, now, seen] = [this.#settled(protocol), bytesOf(socket), this.#seen(socket)];
    settled.in += now.in - seen.in;
    settled.out += now.out - seen.out;
    this.#bytesBefore.set(socket, now);
  }

  #bytes(): ReadonlyMap<ConnectionProtocol, Bytes> {
    const sums = new Map(connectionProtocols.map((protocol) => [protocol, { ...this.#settled(protocol) }]));
    for (const [socket, protocol] of this.#open) {
      const [sum, now, seen] = [sums.get(protocol), bytesOf(socket), this.#seen(socket)];
      if (sum === undefined) continue;
      sum.in += now.in - seen.in;
      sum.out += now.out - seen.out;
    }
    return sums;
  }

  #settled(protocol: ConnectionProtocol): Bytes {
    let settled = this.#before.get(protocol);
    if (settled === undefined) {
      settled = { in: 0, out: 0 };
      this.#before.set(protocol, settled);
    }
    return settled;
  }

  #seen(socket: Duplex): Bytes {
    return this.#bytesBefore.get(socket) ?? { in: 0, out: 0 };
  }
}

/** A byte stream that is no socket counts nothing. */
function bytesOf(stream: Duplex): Bytes {
  const read = "bytesRead" in stream && typeof stream.bytesRead === "number" ? stream.bytesRead : 0;
  const written =
    "bytesWritten" in stream && typeof stream.bytesWritten === "number" ? stream.bytesWritten : 0;
  return { in: read, out: written };
}
