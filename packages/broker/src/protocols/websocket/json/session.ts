/** What operations see of their connection: the broker to ask, and where to answer and push. */
import type { BrokerApi, QueueBatchApi } from "../../../broker/api.ts";
import type { Outcome } from "../../http/outcome.ts";
import type { Reads } from "../../tcp/full/reads.ts";
import type { JsonLimits } from "../limits.ts";
import type { HeldReceipts } from "./held-receipts.ts";
import type { QueueRounds } from "./queue-rounds.ts";

/** A subscription of this connection. */
export interface Standing {
  /** The client gives more credit. */
  credit(add: number): void;
  /** There is room again for what is pushed. */
  pump(): void;
  /** Ends it; `why`: what the client is told, undefined when it asked for it or is gone. */
  end(why?: { readonly code: string; readonly detail: string }): void;
}

export interface JsonSession {
  readonly broker: BrokerApi & QueueBatchApi;
  readonly limits: JsonLimits;
  readonly held: HeldReceipts;
  /** Dequeues under way. */
  readonly reads: Reads;
  readonly rounds: QueueRounds;
  /** By the numbers that clients know them by. */
  readonly standing: Map<number, Standing>;
  /** A number that no other subscription or read of this connection has had. */
  nextNumber(): number;
  /** Too much is waiting to be sent: nothing is to be pushed now. */
  readonly congested: boolean;
  /** Says something that is no answer. `handedOver`: called when the kernel has taken it. */
  push(text: string, handedOver?: () => void): void;
}

/** Answers a request. `handedOver`: as for `push`. */
export type Answer = (outcome: Outcome<object>, handedOver?: () => void) => void;
