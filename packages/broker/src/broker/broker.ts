/**
 * The broker: opens a journal, folds it into the state, and answers for its queues, topics and groups. It knows no protocol;
 * whatever speaks to it, in this process or from outside, uses `BrokerApi`.
 */
import {
  type Clock,
  createMetrics,
  type Log,
  type Random,
  type Readiness,
  type Registry,
  silentLog,
  systemClock,
  systemRandom,
} from "@sluice/runtime";
import type { Journal } from "../journal/journal.ts";
import type { Receipt } from "../queue/message.ts";
import type * as api from "./api.ts";
import { type ArchivePolicy, Archiving, defaultArchivePolicy } from "./archiving.ts";
import { type CheckpointPolicy, Checkpoints, defaultCheckpointPolicy } from "./checkpoints.ts";
import { Core } from "./core.ts";
import { Directory } from "./directory.ts";
import { Groups } from "./groups.ts";
import { saltBytes } from "./ids.ts";
import { type BrokerLimits, defaultBrokerLimits } from "./limits.ts";
import { QueueBatches } from "./queue-batches.ts";
import { QueueBodies } from "./queue-bodies.ts";
import { QueueDescriptions } from "./queue-descriptions.ts";
import { QueueGauges } from "./queue-gauges.ts";
import { QueueOperations } from "./queue-operations.ts";
import { QueueSends } from "./queue-sends.ts";
import { Queues } from "./queues.ts";
import { Relocation } from "./relocation.ts";
import { Retention } from "./retention.ts";
import { BrokerState, inCatalog } from "./state.ts";
import { Statistics } from "./statistics.ts";
import { gaugeMemory, gaugeStorage } from "./storage-gauges.ts";
import { Timetable } from "./timetable.ts";
import { TopicDescriptions } from "./topic-descriptions.ts";
import { Topics } from "./topics.ts";
import { Transactions } from "./transactions.ts";

export interface BrokerOptions {
  /** Becomes the broker's: it is closed with it. */
  readonly journal: Journal;
  readonly clock?: Clock;
  readonly random?: Random;
  /** Default: silent. */
  readonly log?: Log;
  /** Where it counts. Default: a registry of its own. */
  readonly metrics?: Registry;
  /** Whether using an unknown queue or topic creates it. Default true. */
  readonly autoCreate?: boolean;
  /** Of queues and topics that do not say. Default `synced`. */
  readonly durability?: "synced" | "buffered";
  readonly limits?: Partial<BrokerLimits>;
  readonly checkpoints?: Partial<CheckpointPolicy>;
  /** When what topics keep moves out of the log into files of its own. */
  readonly archive?: Partial<ArchivePolicy>;
}

export class Broker implements api.BrokerApi, api.QueueBatchApi, AsyncDisposable {
  readonly #core: Core;
  readonly #timetable: Timetable;
  readonly #queues: Queues;
  readonly #batches: QueueBatches;
  readonly #topics: Topics;
  readonly #retention: Retention;
  readonly #groups: Groups;
  readonly #transactions: Transactions;
  readonly #sends: QueueSends;
  readonly #operations: QueueOperations;
  readonly #queueDescriptions: QueueDescriptions;
  readonly #topicDescriptions: TopicDescriptions;
  readonly #checkpoints: Checkpoints;
  readonly #relocation: Relocation;

  private constructor(core: Core, options: BrokerOptions) {
    const directory = new Directory(core, {
      autoCreate: options.autoCreate ?? true,
      durability: options.durability ?? "synced",
      nameCountMax: core.limits.nameCountMax,
    });
    const metrics = options.metrics ?? createMetrics();
    const statistics = new Statistics(metrics);
    gaugeMemory(metrics, core);
    gaugeStorage(metrics, core);
    new QueueGauges(metrics, core.state, () => core.now());
    core.journal.onSynced((tookMs) => statistics.synced(tookMs));
    this.#core = core;
    this.#timetable = new Timetable(core.clock, (owner) => {
      this.#queues.due(owner);
      this.#groups.due(owner);
      this.#retention.due(owner);
    });
    const bodies = new QueueBodies(core);
    this.#sends = new QueueSends(core, directory, statistics);
    this.#queues = new Queues(core, directory, bodies, statistics, this.#timetable, metrics);
    this.#batches = new QueueBatches(core, directory, this.#queues, this.#sends, statistics);
    this.#operations = new QueueOperations(core, directory, bodies, statistics);
    this.#queueDescriptions = new QueueDescriptions(core, directory);
    this.#topics = new Topics(core, directory, statistics);
    this.#retention = new Retention(core, directory, this.#timetable);
    this.#groups = new Groups(core, directory, this.#timetable);
    this.#transactions = new Transactions(core, directory, this.#topics, statistics);
    this.#relocation = new Relocation(core, statistics);
    const archiving = new Archiving(core, { ...defaultArchivePolicy, ...options.archive }, statistics);
    const policy = { ...defaultCheckpointPolicy, ...options.checkpoints };
    this.#checkpoints = new Checkpoints(core, policy, archiving, (outcome) => {
      statistics.checkpointed(outcome);
      this.#relocation.start();
    });
    this.#topicDescriptions = new TopicDescriptions(core, directory, this.#topics);
  }

  /**
   * Opens the journal's state: resolves when everything that was acknowledged before is there again.
   * @throws Fault when the journal cannot be read, for example because its format is newer than this version.
   */
  static async open(options: BrokerOptions): Promise<Broker> {
    const limits = { ...defaultBrokerLimits, ...options.limits };
    const core = new Core({
      journal: options.journal,
      state: new BrokerState({ residentBytesMax: limits.memoryBudgetBytes / 2 }),
      clock: options.clock ?? systemClock,
      random: options.random ?? systemRandom,
      log: options.log ?? silentLog,
      limits,
    });
    await core.recover();
    if (core.state.catalog.salt === undefined) {
      await core.commit([inCatalog({ kind: "identity", salt: core.random.bytes(saltBytes) })]);
    }
    const broker = new Broker(core, options);
    broker.#queues.start();
    broker.#retention.start();
    broker.#relocation.start();
    return broker;
  }

  send = (request: api.SendRequest) => this.#sends.send(request);
  receive = (request: api.ReceiveRequest) => this.#queues.receive(request);
  ack = (request: { readonly queue: string; readonly receipt: string }) => this.#queues.ack(request);
  nack = (request: api.NackRequest) => this.#queues.nack(request);
  extend = (request: api.ExtendRequest) => this.#queues.extend(request);
  sendBatch = (request: api.SendBatchRequest) => this.#batches.send(request);
  take = (request: api.TakeRequest) => this.#batches.take(request);
  ackBatch = (queue: string, receipts: readonly Receipt[]) => this.#batches.ack(queue, receipts);
  nackBatch = (request: api.GiveBackRequest) => this.#batches.nack(request);
  extendBatch = (queue: string, receipts: readonly Receipt[], visibilityTimeoutMs: number) =>
    this.#batches.extend(queue, receipts, visibilityTimeoutMs);
  createQueue = (request: api.CreateQueueRequest) => this.#queueDescriptions.create(request);
  describeQueue = (queue: string) => this.#queueDescriptions.describe(queue);
  configureQueue = (request: api.ConfigureQueueRequest) => this.#queueDescriptions.configure(request);
  deleteQueue = (queue: string) => this.#queueDescriptions.delete(queue);
  purgeQueue = (queue: string) => this.#operations.purgeQueue(queue);
  pauseQueue = (request: { readonly queue: string; readonly paused: boolean }) =>
    this.#operations.pauseQueue(request);
  browseQueue = (request: api.BrowseRequest) => this.#operations.browseQueue(request);
  browseMessage = (request: api.MessageRequest) => this.#operations.browseMessage(request);
  cancelMessage = (request: api.MessageRequest) => this.#operations.cancelMessage(request);
  rescheduleMessage = (request: api.MessageRequest & { readonly delayMs: number }) =>
    this.#operations.rescheduleMessage(request);
  redriveMessage = (request: api.MessageRequest & { readonly to?: string | undefined }) =>
    this.#operations.redriveMessage(request);
  startRedrive = (request: api.StartRedriveRequest) => this.#operations.startRedrive(request);
  cancelRedrive = (request: { readonly queue: string; readonly redrive: number }) =>
    this.#operations.cancelRedrive(request);
  listRedrives = (queue: string) => this.#operations.listRedrives(queue);
  listQueues = () => this.#core.state.catalog.names("queue");

  publish = (request: api.PublishRequest) => this.#topics.publish(request);
  fetch = (request: api.FetchRequest) => this.#topics.fetches.records(request);
  fetchBatches = (request: api.FetchRequest) => this.#topics.fetches.batches(request);
  offsetAt = (request: api.OffsetAtRequest) => this.#topics.fetches.offsetAt(request);
  deleteRecordsBefore = (request: api.DeleteRecordsRequest) => this.#retention.deleteBefore(request);
  configureTopic = (request: api.ConfigureTopicRequest) => this.#retention.configure(request);
  createTopic = (request: api.CreateTopicRequest) => this.#topicDescriptions.create(request);
  describeTopic = (topic: string) => this.#topicDescriptions.describe(topic);
  deleteTopic = (topic: string) => this.#topicDescriptions.delete(topic);
  listTopics = () => this.#core.state.catalog.names("topic");
  subscribeLive = (request: api.LiveSubscribeRequest) => this.#topics.subscribeLive(request);
  room = (topic: string) => this.#topics.room(topic);

  joinGroup = (request: api.JoinGroupRequest) => this.#groups.join(request);
  leaveGroup = (request: api.GroupMemberRequest) => this.#groups.leave(request);
  releasePartitions = (request: api.ReleasePartitionsRequest) => this.#groups.release(request);
  heartbeatMember = (request: api.GroupMemberRequest) => this.#groups.heartbeat(request);
  describeGroup = (group: string) => this.#groups.describe(group);
  commitOffsets = (request: api.CommitOffsetsRequest) => this.#groups.commit(request);
  committedOffset = (request: {
    readonly group: string;
    readonly topic: string;
    readonly partition: number;
  }) => this.#groups.committed(request);
  transact = (request: api.TransactRequest) => this.#transactions.transact(request);

  /** Not ready once the storage has failed, while the disk is full, and while it shuts down. */
  readiness(): Readiness {
    const refused = this.#core.refusal("new") ?? this.#core.refuseGrowth("synced");
    return refused === undefined ? { ready: true } : { ready: false, reason: refused.detail };
  }

  /** What an acknowledgement rests on here, at best. */
  get durability(): api.Durable["durability"] {
    return this.#core.journal.durability;
  }

  /** Takes no new work and ends long polls, live subscriptions and joins that wait. Acks, nacks and offset commits are still taken. */
  drain(): void {
    this.#core.drain();
    this.#timetable.close();
    this.#queues.close();
    this.#groups.close();
    this.#topics.close();
  }

  /** Drains, lets what was appended settle, and closes the journal. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.drain();
    await this.#checkpoints.close();
    await this.#relocation.close();
    await this.#core.commit([]);
    await this.#core.journal[Symbol.asyncDispose]();
  }
}
