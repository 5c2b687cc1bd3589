/**
 * What producers have been answered, so that a repeat gets the first answer instead of a second effect. Bounded in every direction; what is
 * forgotten of a producer is remembered as forgotten, so that a late repeat is refused rather than carried out twice.
 */
import type { FirstAnswer, ProducerRecord } from "./records.ts";

/** Answers of one producer that are kept: more than it may have under way at a time. */
export const answersPerProducerMax = 2048;

/** Producers that are kept. The one that has been silent longest is forgotten whole: were it to come back, its repeats would count as new. */
export const producersMax = 10_000;

interface Producer {
  /** In the order of arrival. */
  readonly answers: Map<number, FirstAnswer>;
  /** No answer up to this sequence is known any more. */
  forgottenThrough: number;
}

export class ProducerTable {
  /** In the order of their last request. */
  readonly #producers = new Map<string, Producer>();

  get size(): number {
    return this.#producers.size;
  }

  /**
   * What the request was answered with the first time; `forgotten` when it is too old to be told from one that was never made; undefined
   * when it is new.
   */
  find(producer: string, sequence: number): FirstAnswer | "forgotten" | undefined {
    const known = this.#producers.get(producer);
    if (known === undefined) return undefined;
    return known.answers.get(sequence) ?? (sequence <= known.forgottenThrough ? "forgotten" : undefined);
  }

  /** The only way the table changes, live and in recovery. */
  apply(record: ProducerRecord): void {
    switch (record.kind) {
      case "answered": {
        const known = this.#touch(record.producer);
        known.answers.set(record.sequence, record.answer);
        if (known.answers.size > answersPerProducerMax) forgetOldest(known);
        return;
      }
      case "restored-producer":
        this.#touch(record.producer).forgottenThrough = record.forgottenThrough;
        return;
      default:
        record satisfies never;
    }
  }

  /** Records that rebuild the table. */
  *snapshot(): Generator<ProducerRecord> {
    for (const [producer, { answers, forgottenThrough }] of this.#producers) {
      yield { kind: "restored-producer", producer, forgottenThrough };
      for (const [sequence, answer] of answers) yield { kind: "answered", producer, sequence, answer };
    }
  }

  #touch(name: string): Producer {
    const known = this.#producers.get(name) ?? {
      answers: new Map<number, FirstAnswer>(),
      forgottenThrough: 0,
    };
    this.#producers.delete(name);
    this.#producers.set(name, known);
    if (this.#producers.size > producersMax) {
      const [longestSilent] = this.#producers.keys();
      if (longestSilent !== undefined) this.#producers.delete(longestSilent);
    }
    return known;
  }
}

function forgetOldest(known: Producer): void {
  const [oldest] = known.answers.keys();
  if (oldest === undefined) return;
  known.answers.delete(oldest);
  known.forgottenThrough = Math.max(known.forgottenThrough, oldest);
}
