/** The verbs of topics: each translates a request, asks the broker, and translates the answer. */
import {
  batchBytes,
  batchesOf,
  type DeleteBeforeRequest,
  type FetchRequest,
  messageIdBytes,
  type OffsetAtRequest,
  type PublishRequest,
  putMessageId,
  recordBytes,
  type TransactRequest,
  writeFetched,
  writeOffset,
  writePublished,
  writeTransacted,
} from "@sluice/protocol/full";
import type { FetchRequest as FetchQuery } from "../../../broker/api.ts";
import { fitting } from "./frame-room.ts";
import { answerBytesMax } from "./reads.ts";
import { answerChange, producerOf, protocolRefusal, refuse, refuseAs, type Session } from "./session.ts";

export async function publish(session: Session, request: PublishRequest): Promise<void> {
  const { id, topic, records, sequence } = request;
  const result = await session.broker.publish({ topic, records, ...producerOf(session, sequence) });
  if (!result.ok) return refuseAs(session, id, result);
  writePublished(session.to, { id, durability: result.durability, places: result.places });
  session.answered();
}

export async function fetch(session: Session, request: FetchRequest): Promise<void> {
  const { id, topic, partition, offset, recordsMax, waitMs } = request;
  const bytesMax = Math.min(Math.max(request.bytesMax, 1), answerBytesMax);
  const refused = session.reads.refusal(bytesMax);
  if (refused !== undefined) return refuse(session, id, protocolRefusal("limit-exceeded", refused));
  const wanted = { topic, partition, offset, recordsMax, bytesMax };
  const result = await session.reads.run(id, bytesMax, waitMs > 0, (signal) =>
    session.broker.fetchBatches({ ...wanted, waitMs, ...(signal !== undefined && { signal }) }),
  );
  if (result === undefined) return refuse(session, id, cancelled);
  if (!result.ok) return refuseAs(session, id, result);
  const { startOffset, endOffset } = result;
  const batches = result.batches.map((batch) => ({ ...batch, partition }));
  const count = fitting(batches, batchBytes, 0);
  const [first] = batches;
  if (count === 1 && first !== undefined && batchBytes(first) > answerBytesMax) {
    await fetchRecords(session, id, wanted);
    return;
  }
  // What does not fit is read with the next fetch.
  writeFetched(session.to, {
    id,
    startOffset,
    endOffset,
    fromOffset: offset,
    recordsMax,
    batches: batches.slice(0, count),
  });
  session.answered();
}

/** A batch that is larger than a frame was published by somebody who has no frames; here it is taken apart. */
async function fetchRecords(
  session: Session,
  id: number,
  wanted: Omit<FetchQuery, "waitMs" | "signal">,
): Promise<void> {
  const result = await session.broker.fetch({ ...wanted, waitMs: 0 });
  if (!result.ok) return refuseAs(session, id, result);
  const { startOffset, endOffset } = result;
  const records = result.records.slice(0, fitting(result.records, recordBytes, 0));
  const { offset: fromOffset, recordsMax } = wanted;
  writeFetched(session.to, {
    id,
    startOffset,
    endOffset,
    fromOffset,
    recordsMax,
    batches: batchesOf(records),
  });
  session.answered();
}

export async function offsetAt(session: Session, request: OffsetAtRequest): Promise<void> {
  const { id, topic, partition, timeMs } = request;
  const result = await session.broker.offsetAt({ topic, partition, timeMs });
  if (!result.ok) return refuseAs(session, id, result);
  writeOffset(session.to, { id, offset: result.offset });
  session.answered();
}

export function deleteBefore(session: Session, request: DeleteBeforeRequest): Promise<void> {
  const { id, topic, partition, offset } = request;
  const deleted = session.broker.deleteRecordsBefore({ topic, partition, offset });
  return answerChange(session, "deleteBefore", id, deleted);
}

export async function transact(session: Session, request: TransactRequest): Promise<void> {
  const { id, publishes, sends, acks, commit, fence, sequence } = request;
  const result = await session.broker.transact({
    publishes,
    sends,
    acks,
    ...producerOf(session, sequence),
    ...(commit !== undefined && { commit }),
    ...(fence !== undefined && { fence }),
  });
  if (!result.ok) return refuseAs(session, id, result);
  const { durability, places, messageIds } = result;
  for (const { queue, receipts } of acks) session.held.settled(queue, receipts);
  writeTransacted(session.to, { id, durability, places, ids: messageIds.map(idBytes) });
  session.answered();
}

function idBytes(texts: readonly string[]): Uint8Array {
  const ids = new Uint8Array(texts.length * messageIdBytes);
  for (const [i, text] of texts.entries()) putMessageId(text, ids, i * messageIdBytes);
  return ids;
}

const cancelled = protocolRefusal("cancelled", "The client cancelled the request.");
