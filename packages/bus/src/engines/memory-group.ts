/** A consumer group in memory: members, the generation, and what was committed. */
import type { EngineAssignment, EngineCommit } from "../engine.ts";
import { BusFault } from "../faults.ts";

interface Member {
  readonly topics: readonly string[];
  readonly assigned: (assignment: EngineAssignment) => void;
}

export class MemoryGroup {
  readonly #name: string;
  readonly #partitionCountOf: (topic: string) => number;
  /** In the order of joining. */
  readonly #members = new Set<Member>();
  readonly #committed = new Map<string, number>();
  #generation = 0;

  constructor(name: string, partitionCountOf: (topic: string) => number) {
    this.#name = name;
    this.#partitionCountOf = partitionCountOf;
  }

  get generation(): number {
    return this.#generation;
  }

  /** Adds a member and deals the partitions anew. The answer takes it out again. */
  join(topics: readonly string[], assigned: (assignment: EngineAssignment) => void): () => void {
    const member = { topics, assigned };
    this.#members.add(member);
    this.#deal();
    return () => {
      if (this.#members.delete(member)) this.#deal();
    };
  }

  /** Throws `stale-generation` unless `generation` is the present one. */
  check(generation: number): void {
    if (generation === this.#generation) return;
    throw new BusFault(
      "stale-generation",
      `group ${this.#name} is at generation ${this.#generation}, not ${generation}`,
    );
  }

  commit({ topic, partition, offset }: EngineCommit): void {
    this.#committed.set(`${topic}/${partition}`, offset);
  }

  committed(topic: string, partition: number): number | undefined {
    return this.#committed.get(`${topic}/${partition}`);
  }

  /** Partition p goes to member p modulo their number, so that topics with as many partitions are dealt alike. */
  #deal(): void {
    const generation = ++this.#generation;
    const members = [...this.#members];
    for (const member of members) {
      const partitions = member.topics.flatMap((topic) => {
        const readers = members.filter((other) => other.topics.includes(topic));
        const own = readers.indexOf(member);
        return Array.from({ length: this.#partitionCountOf(topic) }, (_, partition) => partition)
          .filter((partition) => partition % readers.length === own)
          .map((partition) => ({ topic, partition }));
      });
      // A member may join or leave from within its own call: then a later deal has told everybody already.
      if (this.#generation !== generation) return;
      if (this.#members.has(member)) member.assigned({ generation, partitions });
    }
  }
}
