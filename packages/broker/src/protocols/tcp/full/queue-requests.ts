/** The verbs of queues: each translates a request, asks the broker, and translates the answer. */
import {
  type AckRequest,
  deliveryBytes,
  type ExtendRequest,
  type NackRequest,
  type ReceiveRequest,
  type SendRequest,
  type SettledAnswer,
  writeReceived,
  writeSent,
  writeSettled,
} from "@sluice/protocol/full";
import type { Result, SettledBatch, TakenMessage } from "../../../broker/api.ts";
import { fitting } from "./frame-room.ts";
import { answerBytesMax } from "./reads.ts";
import { producerOf, protocolRefusal, refuse, refuseAs, type Session, wireRefusals } from "./session.ts";

export async function send(session: Session, request: SendRequest): Promise<void> {
  const { id, queue, atomic, messages, sequence } = request;
  const batch = { queue, messages, atomic, ...producerOf(session, sequence) };
  const result = await session.broker.sendBatch(batch);
  if (!result.ok) return refuseAs(session, id, result);
  writeSent(session.to, {
    id,
    durability: result.durability,
    ids: result.ids,
    refusals: wireRefusals(result.refusals),
  });
  session.answered();
}

export async function receive(session: Session, request: ReceiveRequest): Promise<void> {
  const { id, queue, max, waitMs, visibilityTimeoutMs } = request;
  const bytesMax = Math.min(Math.max(request.bytesMax, 1), answerBytesMax);
  const refused = session.reads.refusal(bytesMax);
  if (refused !== undefined) return refuse(session, id, protocolRefusal("limit-exceeded", refused));
  const result = await session.reads.run(id, bytesMax, waitMs > 0, (signal) =>
    session.broker.take({
      queue,
      max,
      bytesMax,
      waitMs,
      ...(visibilityTimeoutMs !== undefined && { visibilityTimeoutMs }),
      ...(signal !== undefined && { signal }),
    }),
  );
  if (result === undefined) return refuse(session, id, cancelled);
  if (!result.ok) return refuseAs(session, id, result);
  handOut(session, queue, result.messages, (messages) => writeReceived(session.to, id, messages));
}

/** Writes deliveries and remembers them. What does not fit beside their attributes goes back: rare, and never lost. */
function handOut(
  session: Session,
  queue: string,
  messages: readonly TakenMessage[],
  write: (messages: readonly TakenMessage[]) => void,
): void {
  const count = fitting(messages, deliveryBytes, 0);
  const group = { queue, receipts: messages.slice(0, count) };
  session.held.add(group);
  write(group.receipts);
  session.answered(() => session.held.sent(group));
  if (count === messages.length) return;
  const receipts = messages.slice(count);
  void session.broker.nackBatch({ queue, receipts, delayMs: 0, counts: false });
}

export function ack(session: Session, { id, queue, receipts }: AckRequest): Promise<void> {
  session.held.settled(queue, receipts);
  return settle(session, id, "acked", session.broker.ackBatch(queue, receipts));
}

export function nack(session: Session, request: NackRequest): Promise<void> {
  const { id, queue, receipts, delayMs, counts, error } = request;
  session.held.settled(queue, receipts);
  return settle(session, id, "nacked", session.broker.nackBatch({ queue, receipts, delayMs, counts, error }));
}

export function extend(session: Session, request: ExtendRequest): Promise<void> {
  const { id, queue, receipts, visibilityTimeoutMs } = request;
  return settle(session, id, "extended", session.broker.extendBatch(queue, receipts, visibilityTimeoutMs));
}

async function settle(
  session: Session,
  id: number,
  verb: SettledAnswer["verb"],
  settled: Promise<Result<SettledBatch>>,
): Promise<void> {
  const result = await settled;
  if (!result.ok) return refuseAs(session, id, result);
  writeSettled(session.to, {
    verb,
    id,
    durability: result.durability,
    refusals: wireRefusals(result.refusals),
  });
  session.answered();
}

const cancelled = protocolRefusal("cancelled", "The client cancelled the request.");
