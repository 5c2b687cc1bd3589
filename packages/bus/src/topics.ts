/** The topics that a bus has seen to: each is created before the first use, with the number of partitions that it was given. */
import type { Engine } from "./engine.ts";
import { hasCode } from "./faults.ts";

/** Where events go that a consumer could not handle. It has as many partitions as the topic, so a key keeps its partition. */
export function deadLetterTopicOf(topic: string): string {
  return `${topic}.dlq`;
}

export interface PartitionCounts {
  /** By topic. A topic that exists with another number is a `topic-differs`. */
  readonly declared: ReadonlyMap<string, number>;
  /** For the others, unless they exist. */
  readonly otherwise: number;
}

export class Topics {
  readonly #engine: Engine;
  readonly #counts: PartitionCounts;
  readonly #ready = new Map<string, number>();
  readonly #underWay = new Map<string, Promise<number>>();

  constructor(engine: Engine, counts: PartitionCounts) {
    this.#engine = engine;
    this.#counts = counts;
  }

  isReady(topic: string): boolean {
    return this.#ready.has(topic);
  }

  /** Creates the topic if it does not exist; resolves with its number of partitions. */
  ensure(topic: string): Promise<number> {
    const ready = this.#ready.get(topic);
    if (ready !== undefined) return Promise.resolve(ready);
    let creation = this.#underWay.get(topic);
    if (creation === undefined) {
      creation = this.#create(topic).finally(() => this.#underWay.delete(topic));
      this.#underWay.set(topic, creation);
    }
    return creation;
  }

  /** The dead-letter topic of `topic`, created if it does not exist. */
  async ensureDeadLetters(topic: string): Promise<string> {
    const deadLetters = deadLetterTopicOf(topic);
    if (!this.isReady(deadLetters)) {
      const partitionCount = await this.ensure(topic);
      await this.#createOrTake(deadLetters, partitionCount);
    }
    return deadLetters;
  }

  async #create(topic: string): Promise<number> {
    const declared = this.#counts.declared.get(topic);
    if (declared === undefined) return this.#createOrTake(topic, this.#counts.otherwise);
    await this.#engine.createTopic(topic, declared);
    this.#ready.set(topic, declared);
    return declared;
  }

  /** Nobody asked for a number of partitions: one that exists is right as it is. */
  async #createOrTake(topic: string, partitionCount: number): Promise<number> {
    let count = partitionCount;
    try {
      await this.#engine.createTopic(topic, partitionCount);
    } catch (error) {
      if (!hasCode(error, "topic-differs")) throw error;
      count = await this.#engine.partitionCount(topic);
    }
    this.#ready.set(topic, count);
    return count;
  }
}
