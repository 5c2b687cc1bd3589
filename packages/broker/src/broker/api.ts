/**
 * What a broker can be asked, in its own words: the one surface that the protocols, the bus and a program that embeds the broker
 * see. Queues and topics go by name here; the rules behind know them by number.
 *
 * Every method answers with a value: `ok: true` and what was asked for, or a refusal. An answer is given when what it says rests on
 * what the queue or topic promises (see `durability`). A method rejects only for a bug or an aborted signal (with the signal's reason).
 */
import type { Durability } from "../journal/journal.ts";
import type { OutgoingMessage } from "../queue/commands.ts";
import type { Attributes, Receipt } from "../queue/message.ts";
import type { QueueRefusal, Refused } from "../queue/refusals.ts";
import type { OutgoingRecord, RecordPlace, TopicRecord } from "../topic/commands.ts";
import type { TopicRefusal } from "../topic/refusals.ts";
import type {
  GroupDescription,
  GroupMemberRequest,
  JoinGroupRequest,
  MemberAssignment,
  ReleasePartitionsRequest,
} from "./api-groups.ts";
import type {
  ConfigureTopicRequest,
  CreateTopicRequest,
  DeleteRecordsRequest,
  FetchAnswer,
  FetchBatchesAnswer,
  FetchRequest,
  LiveSubscribeRequest,
  LiveSubscription,
  OffsetAtRequest,
  Published,
  PublishRequest,
  TopicDescription,
} from "./api-topics.ts";
import type { Durable, ProducerSequence } from "./api-words.ts";

export type { Attribute, Attributes } from "../queue/message.ts";
export type * from "./api-groups.ts";
export type * from "./api-topics.ts";
export type * from "./api-words.ts";
export type { OutgoingMessage, OutgoingRecord, TopicRecord };

/** Refusals that no single queue or topic can give, because they are about the broker as a whole. */
export const brokerRefusals = [
  "invalid-name",
  "owned-topic",
  "stale-sequence",
  "limit-exceeded",
  "memory-full",
  "disk-full",
  "too-many-consumers",
  "storage-failed",
  "shutting-down",
] as const;

export type Refusal = QueueRefusal | TopicRefusal | (typeof brokerRefusals)[number];

export type Result<Answer> = ({ readonly ok: true } & Answer) | Refused<Refusal>;

// ---- queues ----

export interface SendRequest {
  readonly queue: string;
  /** All of them or none. */
  readonly messages: readonly OutgoingMessage[];
  readonly producer?: ProducerSequence;
}

export interface ReceiveRequest {
  readonly queue: string;
  /** 1 to 1000. */
  readonly max: number;
  /** How long to wait for a first message when there is none, in milliseconds. 0: do not wait. */
  readonly waitMs: number;
  readonly visibilityTimeoutMs?: number;
  /** Ends the wait; what would have been received stays in the queue. */
  readonly signal?: AbortSignal;
}

/** A message handed out. `receipt` is what ack, nack and extend ask for. */
export interface QueueDelivery {
  readonly messageId: string;
  readonly receipt: string;
  readonly body: Uint8Array;
  readonly attributes: Attributes;
  /** 1 at the first delivery. */
  readonly receiveCount: number;
  readonly enqueuedAtMs: number;
}

export interface NackRequest {
  readonly queue: string;
  readonly receipt: string;
  readonly delayMs: number;
  /** False when the message never reached its consumer: the receive count goes back as well. Default true. */
  readonly counts?: boolean;
}

export interface ExtendRequest {
  readonly queue: string;
  readonly receipt: string;
  /** From now. */
  readonly visibilityTimeoutMs: number;
}

/** Settings of a queue by name; absent ones get the defaults. */
export interface CreateQueueRequest {
  readonly queue: string;
  readonly visibilityTimeoutMs?: number;
  readonly deadLetter?: { readonly queue: string; readonly receiveCountMax: number };
  readonly messageCountMax?: number;
  readonly bodyBytesMax?: number;
  readonly durability?: "synced" | "buffered" | "memory";
}

export interface QueueDescription {
  readonly queue: string;
  readonly visibilityTimeoutMs: number;
  readonly deadLetter: { readonly queue: string; readonly receiveCountMax: number } | undefined;
  readonly messageCountMax: number;
  readonly bodyBytesMax: number;
  readonly durability: Durability;
  readonly ready: number;
  readonly delayed: number;
  readonly inFlight: number;
  readonly bodyBytes: number;
}

// ---- queues, in batches and binary ----

/** Entries of a batch that were refused, by their place in it. */
export type EntryRefusals = ReadonlyMap<number, { readonly refusal: Refusal; readonly detail: string }>;

export interface SendBatchRequest {
  readonly queue: string;
  readonly messages: readonly OutgoingMessage[];
  /** True: all or none. False: each entry fares for itself. */
  readonly atomic: boolean;
  /** Absent and `undefined` are the same. A repeat is answered as the whole of the first request was. */
  readonly producer?: ProducerSequence | undefined;
}

export interface SentBatch extends Durable {
  /** Sixteen bytes for each message, in order; zeros where it was refused. */
  readonly ids: Uint8Array;
  readonly refusals: EntryRefusals;
}

export interface TakeRequest extends ReceiveRequest {
  /** Bytes of bodies at most; a single message is always handed out. */
  readonly bytesMax: number;
}

/** A message handed out; `sequence` and `lease` are its receipt. */
export interface TakenMessage extends Receipt {
  /** Sixteen bytes. */
  readonly messageId: Uint8Array;
  readonly receiveCount: number;
  readonly enqueuedAtMs: number;
  readonly attributes: Attributes;
  readonly body: Uint8Array;
}

export interface SettledBatch extends Durable {
  readonly refusals: EntryRefusals;
}

export interface GiveBackRequest {
  readonly queue: string;
  readonly receipts: readonly Receipt[];
  readonly delayMs: number;
  /** False: the messages never reached anybody, and their receive counts go back as well. */
  readonly counts: boolean;
}

/** What a protocol of many small messages asks for: the same rules as `BrokerApi`, without a promise and a text for each message. */
export interface QueueBatchApi {
  sendBatch(request: SendBatchRequest): Promise<Result<SentBatch>>;
  /** As `receive`, also in what it rejects with. */
  take(request: TakeRequest): Promise<Result<{ readonly messages: readonly TakenMessage[] }>>;
  ackBatch(queue: string, receipts: readonly Receipt[]): Promise<Result<SettledBatch>>;
  nackBatch(request: GiveBackRequest): Promise<Result<SettledBatch>>;
  extendBatch(
    queue: string,
    receipts: readonly Receipt[],
    visibilityTimeoutMs: number,
  ): Promise<Result<SettledBatch>>;
}

// ---- groups and transactions ----

export interface NamedOffset {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

export interface CommitOffsetsRequest {
  readonly group: string;
  readonly generation: number;
  readonly offsets: readonly NamedOffset[];
}

/** Publishes, an offset commit and queue messages in one atomic append. */
export interface TransactRequest {
  readonly publishes: readonly PublishRequest[];
  readonly sends?: readonly SendRequest[];
  readonly commit?: CommitOffsetsRequest;
  readonly producer?: ProducerSequence;
  readonly fence?: {
    readonly group: string;
    readonly generation: number;
    readonly topic: string;
    readonly partition: number;
    /** The offset that the next record of that partition has to get. */
    readonly expectedOffset: number;
  };
}

export interface Transacted extends Durable {
  /** For each publish, the places of its records. */
  readonly places: readonly (readonly RecordPlace[])[];
}

export interface BrokerApi {
  send(request: SendRequest): Promise<Result<{ readonly messageIds: readonly string[] } & Durable>>;
  receive(request: ReceiveRequest): Promise<Result<{ readonly deliveries: readonly QueueDelivery[] }>>;
  ack(request: { readonly queue: string; readonly receipt: string }): Promise<Result<Durable>>;
  nack(request: NackRequest): Promise<Result<Durable>>;
  extend(request: ExtendRequest): Promise<Result<Durable>>;
  /** Creating what exists with the same settings is fine; with others it is refused as `invalid-setting`. */
  createQueue(request: CreateQueueRequest): Promise<Result<{ readonly created: boolean }>>;
  describeQueue(queue: string): Promise<Result<{ readonly description: QueueDescription }>>;
  listQueues(): readonly string[];

  publish(request: PublishRequest): Promise<Result<Published>>;
  fetch(request: FetchRequest): Promise<Result<FetchAnswer>>;
  /**
   * `fetch` without decoding: the batches that hold the records from `offset` on, whole. The first may begin before `offset`, the last may
   * end behind `recordsMax`; `bytesMax` counts their bytes and is exceeded only by a single one.
   */
  fetchBatches(request: FetchRequest): Promise<Result<FetchBatchesAnswer>>;
  /** The offset of the first record that was published at that time or later; the end of the partition when there is none. */
  offsetAt(request: OffsetAtRequest): Promise<Result<{ readonly offset: number }>>;
  /** Deletes what lies before an offset, for example because a snapshot holds its effect. What is gone already is fine. */
  deleteRecordsBefore(request: DeleteRecordsRequest): Promise<Result<Durable>>;
  /** Changes how long an existing topic keeps its records. */
  configureTopic(request: ConfigureTopicRequest): Promise<Result<Durable>>;
  /**
   * Creating what exists with the same settings is fine; with others it is refused as `invalid-setting`. How long it keeps its records is
   * not compared: that may have been changed since.
   */
  createTopic(request: CreateTopicRequest): Promise<Result<{ readonly created: boolean }>>;
  describeTopic(topic: string): Promise<Result<{ readonly description: TopicDescription }>>;
  listTopics(): readonly string[];
  subscribeLive(request: LiveSubscribeRequest): Result<{ readonly subscription: LiveSubscription }>;
  /** Undefined when nothing blocks publishing to the topic; else resolves when every blocking subscriber has room again. */
  room(topic: string): Promise<void> | undefined;

  /** Answered when the generation has begun that the member is in: others may have to release partitions first. */
  joinGroup(request: JoinGroupRequest): Promise<Result<{ readonly assignment: MemberAssignment }>>;
  leaveGroup(request: GroupMemberRequest): Promise<Result<object>>;
  /** Answered at once, or when the new generation has begun if this was the last release that it waited for. */
  releasePartitions(request: ReleasePartitionsRequest): Promise<Result<object>>;
  /** Says that the member lives. Refused as `unknown-member` when it was dropped: it has to join anew. */
  heartbeatMember(request: GroupMemberRequest): Promise<Result<object>>;
  describeGroup(group: string): Promise<Result<{ readonly description: GroupDescription }>>;
  commitOffsets(request: CommitOffsetsRequest): Promise<Result<Durable>>;
  /** Undefined when the group has never committed there. */
  committedOffset(request: {
    readonly group: string;
    readonly topic: string;
    readonly partition: number;
  }): Promise<Result<{ readonly offset: number | undefined }>>;
  transact(request: TransactRequest): Promise<Result<Transacted>>;
}
