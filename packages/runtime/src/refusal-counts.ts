/** Counts what clients were told no for, over all ports of a process, by protocol and code. Codes are a closed set: clients cannot add to it. */
import { Counter, type Registry } from "prom-client";
import type { ConnectionProtocol } from "./connection-counts.ts";

const byRegistry = new WeakMap<Registry, RefusalCounts>();

export class RefusalCounts {
  readonly #refused: Counter<"protocol" | "code">;

  /** The one of a registry. */
  static of(registry: Registry): RefusalCounts {
    const known = byRegistry.get(registry);
    if (known !== undefined) return known;
    const made = new RefusalCounts(registry);
    byRegistry.set(registry, made);
    return made;
  }

  private constructor(registry: Registry) {
    this.#refused = new Counter({
      name: "sluice_refused_total",
      help: "Requests and connections that were told no, by the code that they were told",
      labelNames: ["protocol", "code"],
      registers: [registry],
    });
  }

  refused(protocol: ConnectionProtocol, code: string): void {
    this.#refused.inc({ protocol, code });
  }
}
