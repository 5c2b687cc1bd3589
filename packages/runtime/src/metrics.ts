/** Metrics of one process, for Prometheus to scrape: parts make their own on the registry that they are handed. */
import { Registry } from "prom-client";

export { Counter, Gauge, Histogram, Registry } from "prom-client";

/** An empty registry. There is no global one, so that two brokers in one process do not mix. */
export function createMetrics(): Registry {
  return new Registry();
}
