/** A way to the queues, whatever its protocol: what the clients of a proof need, in one form, so that each of them may come in by another door. */

export interface Outgoing {
  readonly body: string;
  readonly delayMs?: number;
  readonly timeToLiveMs?: number;
  readonly priority?: number;
  readonly groupId?: string;
  readonly deduplicationId?: string;
}

export interface MovedFrom {
  readonly reason: string;
  readonly queue: string;
  readonly originQueue: string;
  readonly receiveCount: number;
  readonly movedAtMs: number;
  readonly lastError: string;
}

/** What becomes of the message that is acked: these messages and records, or nothing. */
export interface Outcome {
  readonly sends: readonly { readonly queue: string; readonly body: string }[];
  readonly records: readonly { readonly topic: string; readonly body: string }[];
}

/** A message in a client's hands. To settle it resolves with whether its receipt still held. @throws Cut */
export interface Handed {
  readonly messageId: string;
  readonly body: string;
  readonly receiveCount: number;
  readonly priority: number;
  readonly groupId: string | undefined;
  readonly movedFrom: MovedFrom | undefined;
  ack(): Promise<boolean>;
  /** Without a delay: as the retry policy of the queue has it. */
  nack(how?: { readonly delayMs?: number; readonly error?: string }): Promise<boolean>;
  ackAndSend(outcome: Outcome): Promise<boolean>;
}

/** All methods throw `Cut` when there was no answer. Dispose it when its process has ended, too. */
export interface QueueDoor extends AsyncDisposable {
  /** Whether messages may come that nobody has asked for yet: after a first `receive` of a queue they do. */
  readonly isPushing: boolean;
  /** All of them or none; the ids, in their order. */
  send(queue: string, messages: readonly Outgoing[]): Promise<readonly string[]>;
  /** Waits a while for a first message; perhaps none. */
  receive(queue: string, max: number): Promise<readonly Handed[]>;
}

/** How long a receive waits, where nothing else is said. */
export const waitMs = 20_000;

/** Refusals of a receipt that does not hold. */
export const isStale = (code: string | undefined): boolean =>
  code === "stale-receipt" || code === "unknown-message" || code === "lease-lost";
