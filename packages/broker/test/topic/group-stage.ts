/** Topics and a group, told in short words: what the tests of consumer groups stand on. */
import {
  decideCommit,
  decideGroupDue,
  decideHeartbeat,
  decideJoin,
  decideLeave,
  decidePublish,
  decideRelease,
  type OffsetCommit,
  type Rebalanced,
} from "../../src/topic/index.ts";
import { outgoing, TopicWorld } from "./topic-world.ts";

export const [orders, payments, audit, live] = [1, 2, 3, 4] as const;
export const billing = 9;

interface Timeouts {
  /** 0 by default: whoever joins is in a generation at once. */
  readonly rebalanceTimeoutMs?: number;
  readonly sessionTimeoutMs?: number;
}

/** Topics `orders` and `payments` with 4 partitions, `audit` with 1, `live` without a log; the group `billing`. */
export class Stage {
  world = new TopicWorld();

  constructor() {
    this.world.createTopic(orders, { partitionCount: 4 });
    this.world.createTopic(payments, { partitionCount: 4 });
    this.world.createTopic(audit);
    this.world.createTopic(live, { retention: "live" });
    this.world.createGroup(billing);
  }

  get group() {
    return this.world.theGroup(billing);
  }

  join(id: string, topics: readonly number[], timeouts: Timeouts = {}): string {
    const { rebalanceTimeoutMs = 0, sessionTimeoutMs } = timeouts;
    const member = { id, topics, rebalanceTimeoutMs, sessionTimeoutMs };
    return this.#told(this.world.submit(decideJoin(this.group, member, this.world.now, this.world)));
  }

  leave(id: string): string {
    return this.#told(this.world.submit(decideLeave(this.group, id, this.world.now, this.world)));
  }

  release(id: string, generation: number, partitions?: readonly (readonly [number, number])[]): string {
    const release = {
      id,
      generation,
      ...(partitions && { partitions: partitions.map(([topic, partition]) => ({ topic, partition })) }),
    };
    return this.#told(this.world.submit(decideRelease(this.group, release, this.world.now, this.world)));
  }

  heartbeat(id: string): string {
    const reply = this.world.submit(decideHeartbeat(this.group, id, this.world.now));
    return "refusal" in reply ? reply.refusal : "done";
  }

  /** Time passes, and what is due is done. */
  advance(passedMs: number): string {
    this.world.monotonicMs += passedMs;
    const decided = decideGroupDue(this.group, this.world.now, this.world);
    const told = this.#told(this.world.submit(decided));
    const { dropped } = decided.reply;
    return dropped.length === 0 ? told : `dropped ${dropped.join(" ")}; ${told}`;
  }

  commit(generation: number, ...offsets: OffsetCommit[]): string {
    const reply = this.world.submit(decideCommit(this.group, { generation, offsets }, this.world));
    this.world.audit();
    return "refusal" in reply ? reply.refusal : "done";
  }

  publish(topic: number, ...texts: string[]): void {
    this.world.submit(
      decidePublish(this.world.theTopic(topic), { records: texts.map(outgoing) }, this.world.now),
    );
  }

  /** `generation: member topic/partition ...; ...` when one began, `revoked member topic/partition ... until ms` when one is awaited. */
  #told(reply: Rebalanced | { readonly refusal: string }): string {
    this.world.audit();
    if ("refusal" in reply) return reply.refusal;
    const { begun, revoked } = reply;
    if (begun === undefined) {
      const each = revoked.map(
        ({ member, partitions, dueMs }) => `revoked ${member} ${names(partitions)} until ${dueMs}`,
      );
      return each.join("; ") || "nothing";
    }
    const members = [...begun.members].map(([id, owned]) => `${id} ${names(owned)}`.trimEnd());
    return `${begun.generation}: ${members.join("; ")}`.trimEnd();
  }
}

const names = (partitions: readonly { readonly topic: number; readonly partition: number }[]): string =>
  partitions.map(({ topic, partition }) => `${topic}/${partition}`).join(" ");
