/** Publishes, queue messages, acks and an offset commit in one atomic append. */
import {
  messageIdAt,
  messageIdBytes,
  type WireCommit,
  type WireDurability,
  type WireFence,
  type WirePlace,
  type WireReceipt,
  writeTransact,
} from "@sluice/protocol/full";
import { type Message, type OutgoingRecord, wireBytes, wireMessage, wireRecord } from "./body.ts";
import { alreadySettled, ClientFault, RefusedError } from "./errors.ts";
import type { Outbox } from "./outbox.ts";

/** What a transaction does with a delivery: reads its receipt, and makes its own outcome that of the delivery. */
export const inTransaction: unique symbol = Symbol("inTransaction");

/** A delivery of this client, in hand. */
export interface InHand {
  readonly queue: string;
  readonly isSettled: boolean;
  readonly [inTransaction]: {
    readonly receipt: WireReceipt;
    /** `isAlone`: no other delivery is in it, so that `lease-lost` is said of this one. */
    settledBy(transacted: Promise<unknown>, isAlone: boolean): void;
  };
}

export interface Transaction {
  readonly publishes?: readonly { readonly topic: string; readonly records: readonly OutgoingRecord[] }[];
  readonly sends?: readonly { readonly queue: string; readonly messages: readonly Message[] }[];
  /** Deliveries that are done when this is. One that is this client's no more refuses the whole. */
  readonly acks?: readonly InHand[];
  /** At most one: how far the group has read. */
  readonly commit?: WireCommit;
  /** Who may write: refused as `stale-generation` or `unexpected-offset` when it is not the caller. */
  readonly fence?: WireFence;
}

export interface Transacted {
  /** For each publish, the places of its records. */
  readonly places: readonly (readonly WirePlace[])[];
  /** For each send, the ids of its messages. */
  readonly messageIds: readonly (readonly string[])[];
  readonly durability: WireDurability;
}

export function transact(
  outbox: Outbox,
  nextSequence: () => number,
  transaction: Transaction,
): Promise<Transacted> {
  const acked = new Set(transaction.acks);
  for (const { isSettled } of acked) if (isSettled) return Promise.reject(alreadySettled());
  const transacted = ask(outbox, nextSequence, transaction, [...acked]);
  for (const delivery of acked) delivery[inTransaction].settledBy(transacted, acked.size === 1);
  return transacted;
}

async function ask(
  outbox: Outbox,
  nextSequence: () => number,
  { publishes = [], sends = [], commit, fence }: Transaction,
  acked: readonly InHand[],
): Promise<Transacted> {
  const records = publishes.map(({ topic, records }) => ({ topic, records: records.map(wireRecord) }));
  const messages = sends.map(({ queue, messages }) => ({ queue, messages: messages.map(wireMessage) }));
  const acks = [...Map.groupBy(acked, ({ queue }) => queue)].map(([queue, deliveries]) => ({
    queue,
    receipts: deliveries.map((delivery) => delivery[inTransaction].receipt),
  }));
  let bytes = acked.length * receiptBytes;
  for (const publish of records) for (const record of publish.records) bytes += wireBytes(record);
  for (const send of messages) for (const message of send.messages) bytes += wireBytes(message);
  const sequence = nextSequence();
  const answer = await outbox
    .ask(
      "transacted",
      (to, id) =>
        writeTransact(to, { id, sequence, commit, fence, publishes: records, sends: messages, acks }),
      { bytes },
    )
    .catch((error: unknown) => {
      throw acked.length > 0 ? asLost(error) : error;
    });
  return { places: answer.places, messageIds: answer.ids.map(textsOf), durability: answer.durability };
}

const receiptBytes = 16;

const textsOf = (ids: Uint8Array): readonly string[] =>
  Array.from({ length: ids.byteLength / messageIdBytes }, (_, i) => messageIdAt(ids, i));

/** What is said of a receipt that holds no longer. */
const lostCodes: ReadonlySet<string> = new Set(["stale-receipt", "unknown-message"]);

function asLost(error: unknown): unknown {
  if (!(error instanceof RefusedError) || !lostCodes.has(error.code)) return error;
  return new ClientFault("lease-lost", "A delivery is no longer this client's.", { cause: error });
}
