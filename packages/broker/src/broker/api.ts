/**
 * What a broker can be asked, in its own words: the one surface that the protocols, the bus and a program that embeds the broker
 * see. Queues and topics go by name here; the rules behind know them by number.
 *
 * Every method answers with a value: `ok: true` and what was asked for, or a refusal. An answer is given when what it says rests on
 * what the queue or topic promises (see `durability`). A method rejects only for a bug or an aborted signal (with the signal's reason).
 */
import type { OutgoingMessage } from "../queue/commands.ts";
import type { Receipt } from "../queue/message.ts";
import type { OutgoingRecord, RecordPlace, TopicRecord } from "../topic/commands.ts";
import type {
  GroupDescription,
  GroupMemberRequest,
  JoinGroupRequest,
  MemberAssignment,
  ReleasePartitionsRequest,
} from "./api-groups.ts";
import type {
  CreateQueueRequest,
  ExtendRequest,
  NackRequest,
  QueueDelivery,
  QueueDescription,
  QueueOperationsApi,
  ReceiveRequest,
  SendRequest,
} from "./api-queues.ts";
import type { Result } from "./api-refusals.ts";
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
export type * from "./api-queues.ts";
export { brokerRefusals, type Refusal, type Result } from "./api-refusals.ts";
export type * from "./api-topics.ts";
export type * from "./api-words.ts";
export type { OutgoingMessage, OutgoingRecord, TopicRecord };

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

/** Publishes, acks, an offset commit and queue messages in one atomic append. */
export interface TransactRequest {
  readonly publishes: readonly PublishRequest[];
  readonly sends?: readonly Pick<SendRequest, "queue" | "messages">[];
  /** Q18: messages that are done when this is. One receipt that does not hold refuses the whole. */
  readonly acks?: readonly { readonly queue: string; readonly receipts: readonly (Receipt | string)[] }[];
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
  /** For each send, the ids of its messages. */
  readonly messageIds: readonly (readonly string[])[];
}

export interface BrokerApi extends QueueOperationsApi {
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
  /** The topic goes with everything that is in it; what groups committed there is forgotten. */
  deleteTopic(topic: string): Promise<Result<Durable>>;
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
