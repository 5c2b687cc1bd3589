/** What the handlers of the verbs see of their connection: the broker to ask, and the outbox to answer into. */
import type { BrokerCode, FullCode } from "@sluice/protocol";
import {
  type Change,
  type EntryRefusals,
  type FrameWriter,
  noRefusals,
  type WireRefusal,
  writeChanged,
  writeRefused,
} from "@sluice/protocol/full";
import type {
  EntryRefusals as BrokerRefusals,
  Durable,
  ProducerSequence,
  Refusal,
  Result,
} from "../../../broker/api.ts";
import type { FullBroker } from "./full-broker.ts";
import type { HeldDeliveries } from "./held-deliveries.ts";
import type { FullLimits } from "./limits.ts";
import type { MemberOwners } from "./member-owners.ts";
import type { Reads } from "./reads.ts";
import { wireRefusal } from "./refusals.ts";
import type { SharedRecords } from "./shared-records.ts";

/** A subscription or membership: named by the id of the request that began it. */
export interface Standing {
  /** The client gives more credit. */
  credit(add: number): void;
  /** The client wants no more of it. */
  cancel(): void;
  /** The outbox has room again. */
  pump(): void;
  /** The server shuts down: nothing new begins. */
  drain(): void;
  /** Whether the client has something to finish before the connection of a draining server may end. */
  readonly unfinished: boolean;
  /** Ends it without a word: the connection does, or the server. Resolves when nothing of it is under way. */
  close(): Promise<void>;
}

export interface Session {
  readonly broker: FullBroker;
  readonly limits: FullLimits;
  /** The producer of `hello`; empty when the client named none. */
  readonly producer: string;
  readonly held: HeldDeliveries;
  readonly shared: SharedRecords;
  readonly owners: MemberOwners;
  /** Subscriptions and memberships, by their ids. */
  readonly standing: Map<number, Standing>;
  /** Where answers are written; `answered` follows. */
  readonly to: FrameWriter;
  /** A frame was written. `handedOver`: called when the kernel has taken it. */
  answered(handedOver?: () => void): void;
  /** A request is refused with that code. */
  refused(code: string): void;
  /** Too much is waiting to be sent: nothing is to be pushed now. */
  readonly congested: boolean;
  /** No new subscriptions and nothing pushed any more. */
  readonly draining: boolean;
  /** Receives and fetches under way. */
  readonly reads: Reads;
}

/** Answers a request with a refusal: the broker's, or one of the protocol's own. */
export function refuse(session: Session, id: number, refusal: WireRefusal): void {
  session.refused(refusal.code);
  writeRefused(session.to, id, refusal);
  session.answered();
}

/** Answers a request with a refusal of the broker. */
export function refuseAs(
  session: Session,
  id: number,
  refused: { readonly refusal: Refusal; readonly detail: string },
): void {
  refuse(session, id, wireRefusal(refused));
}

/** Answers a request that changes something and has no more to say. */
export async function answerChange(
  session: Session,
  verb: Change,
  id: number,
  changed: Promise<Result<Durable>>,
): Promise<void> {
  const result = await changed;
  if (!result.ok) return refuseAs(session, id, result);
  writeChanged(session.to, verb, { id, durability: result.durability });
  session.answered();
}

/** Whose request it is, when it carries a sequence. One without a producer was refused before. */
export const producerOf = (
  { producer }: Session,
  sequence: number | undefined,
): { readonly producer?: ProducerSequence } =>
  sequence === undefined ? {} : { producer: { producer, sequence } };

/** A refusal that no rule of the broker gave. */
export const protocolRefusal = (code: BrokerCode | FullCode, sentence: string): WireRefusal => ({
  code,
  sentence,
  retryAfterMs: 0,
});

export const shuttingDown = wireRefusal({
  refusal: "shutting-down",
  detail: "The server is shutting down.",
});

/** Refusals of entries, as the wire has them. */
export function wireRefusals(refusals: BrokerRefusals): EntryRefusals {
  if (refusals.size === 0) return noRefusals;
  return new Map([...refusals].map(([index, refused]) => [index, wireRefusal(refused)]));
}
