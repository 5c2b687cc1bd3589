/** The embedded engine: events are records in the topics of a broker in this process. */
import type { BrokerApi, MemberAssignment, MemberRevoke, PublishRequest, RecordPlace } from "@sluice/broker";
import { type Clock, type Random, uuidv7 } from "@sluice/runtime";
import type {
  Durability,
  Engine,
  EngineAssignment,
  EngineMembership,
  EngineOutgoing,
  EnginePlace,
  EngineReceipt,
  EngineRecord,
  EngineRevoke,
  EngineTransaction,
} from "../engine.ts";
import { sizeOf } from "../envelope.ts";
import { BusFault, RecordsGone } from "../faults.ts";
import { tooLarge, transactionBytesMax } from "../transaction.ts";
import { fromBroker, toBroker } from "./broker-records.ts";
import { faultOf, taken } from "./broker-refusals.ts";

/** How much one fetch brings, and how long it waits for a first record before it asks again. */
const fetchLimits = { recordsMax: 500, bytesMax: 1024 * 1024, waitMs: 30_000 } as const;

export interface BrokerEngineOptions {
  /** Stays the caller's. */
  readonly broker: BrokerApi;
  readonly clock: Clock;
  readonly random: Random;
  /** What the broker's journal can promise at most. Default `synced`. */
  readonly durability?: Durability;
}

export class BrokerEngine implements Engine {
  readonly name = "broker";
  readonly durability: Durability;
  readonly #broker: BrokerApi;
  readonly #clock: Clock;
  readonly #random: Random;

  private constructor(options: BrokerEngineOptions) {
    this.#broker = options.broker;
    this.#clock = options.clock;
    this.#random = options.random;
    this.durability = options.durability ?? "synced";
  }

  static open(options: BrokerEngineOptions): BrokerEngine {
    return new BrokerEngine(options);
  }

  async createTopic(topic: string, partitionCount: number): Promise<void> {
    // For ever: a state may be the fold of the whole topic. Who knows better may change it later.
    const retentionMs = Number.POSITIVE_INFINITY;
    const created = await this.#broker.createTopic({ topic, partitionCount, retention: "log", retentionMs });
    if (created.ok) return;
    if (created.refusal !== "invalid-setting") throw faultOf(created);
    // It exists with other settings: the number of partitions is the one that matters here.
    const existing = await this.partitionCount(topic);
    if (existing === partitionCount) return;
    throw new BusFault("topic-differs", `topic ${topic} has ${existing} partitions, not ${partitionCount}`);
  }

  async partitionCount(topic: string): Promise<number> {
    const { description } = taken(await this.#broker.describeTopic(topic));
    return description.partitionCount;
  }

  publish(records: readonly EngineOutgoing[]): Promise<EngineReceipt> {
    return this.transact({ publishes: records });
  }

  async transact({ publishes, commit, fence }: EngineTransaction): Promise<EngineReceipt> {
    const bytes = publishes.reduce((sum, outgoing) => sum + sizeOf(outgoing), 0);
    if (bytes > transactionBytesMax) throw tooLarge(bytes);
    const byTopic = Map.groupBy(publishes, ({ topic }) => topic);
    const requests: PublishRequest[] = Array.from(byTopic, ([topic, records]) => ({
      topic,
      records: records.map(toBroker),
    }));
    const { places, durability } = taken(
      await this.#broker.transact({
        publishes: requests,
        ...(commit === undefined ? {} : { commit: { ...commit, offsets: [commit] } }),
        ...(fence === undefined ? {} : { fence }),
      }),
    );
    return { places: inOrder(publishes, requests, places), durability };
  }

  async *read(
    topic: string,
    partition: number,
    offset: number,
    signal: AbortSignal,
  ): AsyncGenerator<readonly EngineRecord[]> {
    let next = offset;
    while (!signal.aborted) {
      const records = await this.#fetch(topic, partition, next, signal);
      const last = records.at(-1);
      if (last === undefined) continue;
      next = last.offset + 1;
      yield records;
    }
  }

  async deleteRecordsBefore(place: EnginePlace): Promise<void> {
    taken(await this.#broker.deleteRecordsBefore(place));
  }

  async endOffset(topic: string, partition: number): Promise<number> {
    return (await this.#bounds(topic, partition)).endOffset;
  }

  async committedOffset(group: string, topic: string, partition: number): Promise<number | undefined> {
    const answer = await this.#broker.committedOffset({ group, topic, partition });
    if (!answer.ok && answer.refusal === "unknown-group") return undefined;
    return taken(answer).offset;
  }

  async join(
    group: string,
    topics: readonly string[],
    assigned: (assignment: EngineAssignment) => void,
    revoked?: (revoke: EngineRevoke) => Promise<void>,
  ): Promise<EngineMembership> {
    const member = uuidv7(this.#random, this.#clock.now().wallMs);
    let newest = 0;
    const onAssigned = (assignment: MemberAssignment): void => {
      if (assignment.generation <= newest) return;
      newest = assignment.generation;
      assigned(assignment);
    };
    const onRevoke = async (revoke: MemberRevoke): Promise<void> => {
      const { generation, partitions } = revoke;
      // Who could not finish has nothing more to finish. A release that comes too late is refused, and changes nothing.
      await revoked?.(revoke).catch(() => {});
      await this.#broker.releasePartitions({ group, member, generation, partitions });
    };
    const request = { group, member, topics, onAssigned, ...(revoked && { onRevoke }) };
    const { assignment } = taken(await this.#broker.joinGroup(request));
    onAssigned(assignment);
    return {
      commit: async (generation: number, place: EnginePlace) => {
        taken(await this.#broker.commitOffsets({ group, generation, offsets: [place] }));
      },
      [Symbol.asyncDispose]: async () => {
        await this.#broker.leaveGroup({ group, member });
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  /** What there is at the offset, or nothing when the wait or the signal ended it. */
  async #fetch(
    topic: string,
    partition: number,
    offset: number,
    signal: AbortSignal,
  ): Promise<readonly EngineRecord[]> {
    try {
      const fetched = await this.#broker.fetch({ topic, partition, offset, ...fetchLimits, signal });
      if (fetched.ok) return fetched.records.map((record) => fromBroker(topic, record));
      if (fetched.refusal === "offset-out-of-range") {
        const { startOffset } = await this.#bounds(topic, partition);
        if (offset < startOffset) throw new RecordsGone({ topic, partition, offset }, startOffset);
      }
      throw faultOf(fetched);
    } catch (error) {
      if (signal.aborted) return [];
      throw error;
    }
  }

  async #bounds(
    topic: string,
    partition: number,
  ): Promise<{ readonly startOffset: number; readonly endOffset: number }> {
    const { description } = taken(await this.#broker.describeTopic(topic));
    const found = description.partitions[partition];
    if (found === undefined)
      throw new BusFault("unknown-topic", `topic ${topic} has no partition ${partition}`);
    return found;
  }
}

/** The places in the order of the publishes; the broker has them by topic. */
function inOrder(
  publishes: readonly EngineOutgoing[],
  requests: readonly PublishRequest[],
  places: readonly (readonly RecordPlace[])[],
): EnginePlace[] {
  const left = new Map(requests.map(({ topic }, i) => [topic, (places[i] ?? []).values()]));
  return publishes.map(({ topic }) => {
    const place = left.get(topic)?.next().value;
    if (place === undefined)
      throw new BusFault("engine-unavailable", "the broker answered with too few places");
    return { topic, ...place };
  });
}
