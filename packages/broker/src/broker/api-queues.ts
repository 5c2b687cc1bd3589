/** Requests and answers about queues. Times are milliseconds; an absent option of a message or setting of a queue means its default. */
import type { BrowsedPhase } from "../queue/browse.ts";
import type { OutgoingMessage } from "../queue/commands.ts";
import type { QueueAges, QueueCounts } from "../queue/counts.ts";
import type { Attributes, MoveReason, Receipt } from "../queue/message.ts";
import type { RedriveStatus } from "../queue/redrive-task.ts";
import type { QueueSettings, RetryPolicy } from "../queue/settings.ts";
import type { Refusal, Result } from "./api-refusals.ts";
import type { Durable, ProducerSequence } from "./api-words.ts";

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
  /** Bytes of bodies at most; a single message is always handed out. Absent: no bound. */
  readonly bytesMax?: number;
  /** How long to wait for a first message when there is none, in milliseconds. 0: do not wait. */
  readonly waitMs: number;
  readonly visibilityTimeoutMs?: number;
  /** Ends the wait; what would have been received stays in the queue. */
  readonly signal?: AbortSignal;
}

/** What is said of a message that was moved here from another queue. */
export interface MovedFrom {
  /** Why: as a dead letter (`max-receives`, `expired`), or by a redrive. */
  readonly reason: MoveReason;
  /** The queue that it was moved from; empty when that is there no more. */
  readonly queue: string;
  /** The queue that it was first sent to; empty when that is there no more. */
  readonly originQueue: string;
  /** How often it had been received in the queue that it was moved from. */
  readonly receiveCount: number;
  readonly movedAtMs: number;
  /** What its last consumer there said went wrong; may be empty. */
  readonly lastError: string;
}

/** A message handed out. `receipt` is what ack, nack and extend ask for. */
export interface QueueDelivery {
  readonly messageId: string;
  readonly receipt: string;
  /** A view of memory that the broker goes on using: it must not be changed, nor its buffer be transferred. */
  readonly body: Uint8Array;
  readonly attributes: Attributes;
  /** 1 at the first delivery. */
  readonly receiveCount: number;
  readonly enqueuedAtMs: number;
  readonly priority: number;
  readonly groupId: string | undefined;
  readonly movedFrom: MovedFrom | undefined;
}

export interface NackRequest {
  readonly queue: string;
  readonly receipt: string;
  /** Absent: as the retry policy of the queue has it. */
  readonly delayMs?: number | undefined;
  /** False when the message never reached its consumer: the receive count goes back as well. Default true. */
  readonly counts?: boolean;
  /** What went wrong; kept with the message. Longer ones are cut to 1,024 characters. */
  readonly error?: string | undefined;
}

export interface ExtendRequest {
  readonly queue: string;
  readonly receipt: string;
  /** From now. */
  readonly visibilityTimeoutMs: number;
}

/** Settings of a queue by name. `null` takes a dead-letter queue away; an infinite number is a bound that is left open. */
export interface QueueSettingsRequest extends Partial<Omit<QueueSettings, "deadLetter" | "retry">> {
  readonly deadLetter?: { readonly queue: string; readonly receiveCountMax: number } | null;
  readonly retry?: Partial<RetryPolicy>;
}

/** Absent settings get the defaults. */
export interface CreateQueueRequest extends QueueSettingsRequest {
  readonly queue: string;
}

/** Absent settings stay as they are. The durability cannot be changed: what is in the queue rests on it. */
export interface ConfigureQueueRequest extends QueueSettingsRequest {
  readonly queue: string;
}

export interface QueueDescription
  extends Omit<QueueSettings, "deadLetter" | "durability">,
    QueueCounts,
    QueueAges {
  readonly queue: string;
  readonly deadLetter: { readonly queue: string; readonly receiveCountMax: number } | undefined;
  readonly durability: Durable["durability"];
  readonly paused: boolean;
}

// ---- what operators do ----

export interface MessageRequest {
  readonly queue: string;
  readonly messageId: string;
}

export interface BrowseRequest {
  readonly queue: string;
  /** `next` of the answer before. Absent: from the beginning. */
  readonly after?: string | undefined;
  /** 1 to 1000. */
  readonly max: number;
  /** Bytes of bodies at most; a single message is always shown. Default and most: 8 MiB. */
  readonly bytesMax?: number | undefined;
  /** `dead-letters`: only parked messages, and those that came here as dead letters of other queues. */
  readonly what: "all" | "dead-letters";
}

/** A message as it is; looking at it changes nothing. */
export interface BrowsedMessage {
  readonly messageId: string;
  /** `after` of a browse that goes on behind this message, for who could not take all of an answer. */
  readonly cursor: string;
  readonly state: BrowsedPhase;
  /** When a delay or a lease ends. */
  readonly dueAtMs: number | undefined;
  readonly expiresAtMs: number | undefined;
  readonly body: Uint8Array;
  readonly attributes: Attributes;
  readonly receiveCount: number;
  readonly enqueuedAtMs: number;
  readonly priority: number;
  readonly groupId: string | undefined;
  readonly lastError: string;
  readonly parked: { readonly reason: Exclude<MoveReason, "redrive">; readonly atMs: number } | undefined;
  readonly movedFrom: MovedFrom | undefined;
}

export interface Browsed {
  readonly messages: readonly BrowsedMessage[];
  /** Where to go on; absent at the end. */
  readonly next: string | undefined;
}

export interface StartRedriveRequest {
  readonly queue: string;
  /** Absent: each goes back to the queue that gave it up. */
  readonly to?: string | undefined;
  /** Absent: as fast as it goes. */
  readonly perSecondMax?: number | undefined;
}

export interface Redrive {
  /** Its number in the queue. */
  readonly redrive: number;
  /** Undefined: each goes back to the queue that gave it up. */
  readonly to: string | undefined;
  readonly perSecondMax: number | undefined;
  readonly status: RedriveStatus;
  /** How many there were to move when it began, and how many were. */
  readonly total: number;
  readonly moved: number;
  readonly startedAtMs: number;
  readonly endedAtMs: number | undefined;
}

export interface QueueOperationsApi {
  /** Changes settings of a queue while it works: they hold from then on. */
  configureQueue(request: ConfigureQueueRequest): Promise<Result<Durable>>;
  /** The queue goes with everything that is in it. Its name may be used again, by another queue. */
  deleteQueue(queue: string): Promise<Result<Durable>>;
  /** Every message goes, also those in flight. */
  purgeQueue(queue: string): Promise<Result<{ readonly purged: number } & Durable>>;
  /** While it is paused, nothing is handed out; everything else goes on. */
  pauseQueue(request: { readonly queue: string; readonly paused: boolean }): Promise<Result<Durable>>;
  browseQueue(request: BrowseRequest): Promise<Result<Browsed>>;
  browseMessage(request: MessageRequest): Promise<Result<{ readonly message: BrowsedMessage }>>;
  /** Deletes a message that nobody has: one that waits, is delayed or parked. */
  cancelMessage(request: MessageRequest): Promise<Result<Durable>>;
  /** Lets a message that waits or is delayed become ready `delayMs` from now. */
  rescheduleMessage(request: MessageRequest & { readonly delayMs: number }): Promise<Result<Durable>>;
  /** Moves one dead letter at once. */
  redriveMessage(request: MessageRequest & { readonly to?: string | undefined }): Promise<Result<Durable>>;
  startRedrive(request: StartRedriveRequest): Promise<Result<{ readonly redrive: Redrive } & Durable>>;
  cancelRedrive(request: { readonly queue: string; readonly redrive: number }): Promise<Result<Durable>>;
  /** Those of late and the one that runs, oldest first. */
  listRedrives(queue: string): Promise<Result<{ readonly redrives: readonly Redrive[] }>>;
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
  readonly priority: number;
  readonly groupId: string | undefined;
  readonly movedFrom: MovedFrom | undefined;
}

export interface SettledBatch extends Durable {
  readonly refusals: EntryRefusals;
}

export interface GiveBackRequest {
  readonly queue: string;
  readonly receipts: readonly Receipt[];
  /** Undefined: as the retry policy of the queue has it. */
  readonly delayMs: number | undefined;
  /** False: the messages never reached anybody, and their receive counts go back as well. */
  readonly counts: boolean;
  /** What went wrong; may be absent. */
  readonly error?: string | undefined;
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
