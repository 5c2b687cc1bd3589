/** A histogram that takes many equal values at once: what every message passes through cannot afford a look-up of labels each time. */
import { Histogram, type Registry } from "prom-client";

export interface TallyHistogramOptions {
  readonly name: string;
  readonly help: string;
  /** Upper bounds, rising; the one without bound is added. */
  readonly buckets: readonly number[];
  readonly registers: Registry[];
}

interface TalliedValue {
  readonly labels: { readonly le?: string };
  readonly value: number;
  readonly metricName: string;
}

/** A histogram without labels. `tally` is its only way in. */
export class TallyHistogram extends Histogram {
  readonly #name: string;
  readonly #help: string;
  readonly #bounds: readonly number[];
  /** By bucket, the one without bound last. */
  readonly #counts: Float64Array;
  #sum = 0;

  constructor({ name, help, buckets, registers }: TallyHistogramOptions) {
    super({ name, help, buckets: [...buckets], registers });
    this.#name = name;
    this.#help = help;
    this.#bounds = buckets;
    this.#counts = new Float64Array(buckets.length + 1);
  }

  /** `count` observations of `value`. */
  tally(value: number, count: number): void {
    const bounds = this.#bounds;
    let bucket = 0;
    while (bucket < bounds.length && value > (bounds[bucket] as number)) bucket++;
    this.#counts[bucket] = (this.#counts[bucket] as number) + count;
    this.#sum += value * count;
  }

  /** What the registry asks for. */
  async getForPromString() {
    return { name: this.#name, help: this.#help, type: "histogram", values: this.#values() };
  }

  #values(): readonly TalliedValue[] {
    let count = 0;
    const buckets = [...this.#counts].map((tallied, bucket): TalliedValue => {
      count += tallied;
      const bound = this.#bounds[bucket];
      const le = bound === undefined ? "+Inf" : String(bound);
      return { labels: { le }, value: count, metricName: `${this.#name}_bucket` };
    });
    return [
      ...buckets,
      { labels: {}, value: this.#sum, metricName: `${this.#name}_sum` },
      { labels: {}, value: count, metricName: `${this.#name}_count` },
    ];
  }
}
