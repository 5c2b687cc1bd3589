/** Publishes, queue messages and an offset commit in one atomic append. */
import {
  type WireCommit,
  type WireDurability,
  type WireFence,
  type WirePlace,
  writeTransact,
} from "@sluice/protocol/full";
import { type Message, type OutgoingRecord, wireBytes, wireMessage, wireRecord } from "./body.ts";
import type { Context } from "./context.ts";

export interface Transaction {
  readonly publishes?: readonly { readonly topic: string; readonly records: readonly OutgoingRecord[] }[];
  readonly sends?: readonly { readonly queue: string; readonly messages: readonly Message[] }[];
  /** At most one: how far the group has read. */
  readonly commit?: WireCommit;
  /** Who may write: refused as `stale-generation` or `unexpected-offset` when it is not the caller. */
  readonly fence?: WireFence;
}

export interface Transacted {
  /** For each publish, the places of its records. */
  readonly places: readonly (readonly WirePlace[])[];
  readonly durability: WireDurability;
}

export async function transact(
  { link, nextSequence }: Context,
  { publishes = [], sends = [], commit, fence }: Transaction,
): Promise<Transacted> {
  const records = publishes.map(({ topic, records }) => ({ topic, records: records.map(wireRecord) }));
  const messages = sends.map(({ queue, messages }) => ({ queue, messages: messages.map(wireMessage) }));
  let bytes = 0;
  for (const publish of records) for (const record of publish.records) bytes += wireBytes(record);
  for (const send of messages) for (const message of send.messages) bytes += wireBytes(message);
  const sequence = nextSequence();
  const answer = await link.outbox.ask(
    "transacted",
    (to, id) =>
      writeTransact(to, { id, sequence, commit, fence, publishes: records, sends: messages, acks: [] }),
    { bytes },
  );
  return { places: answer.places, durability: answer.durability };
}
