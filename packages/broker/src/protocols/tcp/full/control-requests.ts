/** The verbs of operators: what they do to queues and single messages, what they look at, and what they move. */
import {
  type BrowseQueueRequest,
  type CancelMessageRequest,
  type CancelRedriveRequest,
  type DeleteQueueRequest,
  type ListRedrivesRequest,
  type PauseQueueRequest,
  type PurgeQueueRequest,
  type RedriveMessageRequest,
  type RescheduleMessageRequest,
  type StartRedriveRequest,
  seenBytes,
  writeBrowsed,
  writePurged,
  writeRedrives,
  writeRedriving,
} from "@sluice/protocol/full";
import { fitting } from "./frame-room.ts";
import { answerBytesMax } from "./reads.ts";
import { answerChange, protocolRefusal, refuse, refuseAs, type Session } from "./session.ts";

export const deleteQueue = (session: Session, { id, queue }: DeleteQueueRequest): Promise<void> =>
  answerChange(session, "deleteQueue", id, session.broker.deleteQueue(queue));

export const pauseQueue = (session: Session, { id, queue, paused }: PauseQueueRequest): Promise<void> =>
  answerChange(session, "pauseQueue", id, session.broker.pauseQueue({ queue, paused }));

export async function purgeQueue(session: Session, { id, queue }: PurgeQueueRequest): Promise<void> {
  const result = await session.broker.purgeQueue(queue);
  if (!result.ok) return refuseAs(session, id, result);
  writePurged(session.to, { id, durability: result.durability, messages: result.purged });
  session.answered();
}

export function cancelMessage(session: Session, request: CancelMessageRequest): Promise<void> {
  const { id, queue, messageId } = request;
  return answerChange(session, "cancelMessage", id, session.broker.cancelMessage({ queue, messageId }));
}

export function rescheduleMessage(session: Session, request: RescheduleMessageRequest): Promise<void> {
  const { id, queue, messageId, delayMs } = request;
  const changed = session.broker.rescheduleMessage({ queue, messageId, delayMs });
  return answerChange(session, "rescheduleMessage", id, changed);
}

export function redriveMessage(session: Session, request: RedriveMessageRequest): Promise<void> {
  const { id, queue, messageId, to } = request;
  return answerChange(session, "redriveMessage", id, session.broker.redriveMessage({ queue, messageId, to }));
}

/** An answer may carry as much as that of a receive, and counts like one. */
export async function browseQueue(session: Session, request: BrowseQueueRequest): Promise<void> {
  const { id, queue, what, after, max } = request;
  const bytesMax = Math.min(Math.max(request.bytesMax, 1), answerBytesMax);
  const refused = session.reads.refusal(bytesMax);
  if (refused !== undefined) return refuse(session, id, protocolRefusal("limit-exceeded", refused));
  const from = after === "" ? undefined : after;
  const result = await session.reads.run(id, bytesMax, false, () =>
    session.broker.browseQueue({ queue, what, after: from, max, bytesMax }),
  );
  // Nothing waits here that could be cancelled.
  if (result === undefined) return;
  if (!result.ok) return refuseAs(session, id, result);
  const count = fitting(result.messages, seenBytes, 0);
  const messages = result.messages.slice(0, count);
  const isCut = count < result.messages.length;
  writeBrowsed(session.to, { id, messages, next: isCut ? messages.at(-1)?.cursor : result.next });
  session.answered();
}

export async function startRedrive(session: Session, request: StartRedriveRequest): Promise<void> {
  const { id, queue, to, perSecondMax } = request;
  const result = await session.broker.startRedrive({ queue, to, perSecondMax });
  if (!result.ok) return refuseAs(session, id, result);
  writeRedriving(session.to, { id, durability: result.durability, redrive: result.redrive });
  session.answered();
}

export function cancelRedrive(session: Session, { id, queue, redrive }: CancelRedriveRequest): Promise<void> {
  return answerChange(session, "cancelRedrive", id, session.broker.cancelRedrive({ queue, redrive }));
}

export async function listRedrives(session: Session, { id, queue }: ListRedrivesRequest): Promise<void> {
  const result = await session.broker.listRedrives(queue);
  if (!result.ok) return refuseAs(session, id, result);
  writeRedrives(session.to, { id, redrives: result.redrives });
  session.answered();
}
