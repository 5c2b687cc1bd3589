/** All clients of all four systems at once, and everything that they were told, to be compared at the end. */
import type { Incarnation } from "../../src/incarnations.ts";
import type { Load } from "../../src/load.ts";
import type { LogLine } from "../../src/sluice-process.ts";
import { ChatProof } from "./chat.ts";
import { addBroadcastClients, ClassicQueueProof } from "./classic-clients.ts";
import { addOrderedClients, addQueueClients, createQueues, drainQueue } from "./queue-clients.ts";
import { QueueLedger } from "./queue-ledger.ts";
import { type QueueProof, queueProofs } from "./queue-proofs.ts";
import { SteadfastProof } from "./steadfast.ts";
import { TopicProof } from "./topic-clients.ts";
import { WaitroomProof } from "./waitroom.ts";

export class Everybody implements AsyncDisposable {
  readonly #queues = { work: new QueueLedger("work"), ordered: new QueueLedger("ordered") };
  /** Queues in full, a feature each. */
  readonly #features: readonly QueueProof[];
  readonly #topic = new TopicProof("readings");
  readonly #classic = new ClassicQueueProof();
  readonly #waitroom = new WaitroomProof();
  readonly #chat: ChatProof;
  readonly #connected: AsyncDisposable;

  private constructor(chat: ChatProof, steadfast: SteadfastProof, connected: AsyncDisposable) {
    this.#chat = chat;
    this.#connected = connected;
    this.#features = [...queueProofs(), steadfast];
  }

  /** Adds every client to the load. */
  static async join(load: Load): Promise<Everybody> {
    const connected = new AsyncDisposableStack();
    const chat = connected.use(await ChatProof.open());
    const steadfast = connected.use(await SteadfastProof.open());
    const everybody = new Everybody(chat, steadfast, connected);
    addQueueClients(load, "work", everybody.#queues.work);
    addOrderedClients(load, "ordered", everybody.#queues.ordered);
    for (const feature of everybody.#features) feature.addClients(load);
    everybody.#topic.addClients(load);
    everybody.#classic.addClients(load);
    addBroadcastClients(load);
    everybody.#waitroom.addClients(load);
    everybody.#chat.addClients(load);
    return everybody;
  }

  /** Makes what the clients need, before the first of them begins. */
  async prepare({ http }: Incarnation): Promise<void> {
    await createQueues(http, Object.keys(this.#queues));
    for (const feature of this.#features) await feature.prepare(http);
    await this.#topic.create(http);
    await this.#waitroom.open(http);
    await this.#chat.create(http);
  }

  /**
   * Drains everything and compares it with what the clients were told. Resolves with what may be worth a line in the report.
   * `log`: what all processes have said up to the moment. `deadLetters`: events, by topic, that somebody else has spoilt on purpose.
   */
  async settle(
    last: Incarnation,
    log: () => readonly LogLine[],
    deadLetters: Readonly<Record<string, number>> = {},
  ): Promise<string> {
    const { http } = last;
    const drained = Object.entries(this.#queues).map(async ([name, ledger]) => {
      await drainQueue(http, name, ledger);
      ledger.settle();
    });
    const [features, { records }, { sessions }, { messages }, classic] = await Promise.all([
      Promise.all(this.#features.map((feature) => feature.settle(last))),
      this.#topic.settle(http),
      this.#waitroom.settle(http, log, deadLetters),
      this.#chat.settle(last),
      this.#classic.settle(last),
      ...drained,
    ]);
    const { work, ordered } = this.#queues;
    return [
      `queue messages ${work.size + ordered.size}`,
      ...features,
      `topic records ${records}`,
      `classic messages ${classic.messages}, handed over twice ${classic.twice}`,
      `sessions ${sessions}`,
      `chat messages ${messages}`,
    ].join("; ");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connected[Symbol.asyncDispose]();
  }
}
