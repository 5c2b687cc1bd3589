/** Send: messages come in at the end, all of them or none. */
import type { Load, OutgoingMessage, Send, Sent } from "../commands.ts";
import { messageBodyBytesMax } from "../limits.ts";
import { type MessageSequence, plainOptions } from "../message.ts";
import type { Now } from "../now.ts";
import type { QueueRecord, SentMessage } from "../records.ts";
import { refuse } from "../refusals.ts";
import type { QueueState } from "../state.ts";
import type { OwnedRecord, QueueDecision } from "./decision.ts";
import { refuseOptions } from "./options.ts";
import { roomFor } from "./overflow.ts";

const nothing: Load = { messageCount: 0, bodyBytes: 0 };

const noDuplicates: ReadonlyMap<number, MessageSequence> = new Map();

/**
 * Refused as `body-too-large`, `invalid-message` or `queue-full`. Several sends to one queue in one append are one command with all their
 * messages. A message whose deduplication id is remembered is not taken (Q9); the answer says which one it repeats.
 */
export function decideSend(
  state: QueueState,
  { messages: given, leaving = nothing }: Send,
  now: Now,
): QueueDecision<Sent> {
  let hasIds = false;
  for (const message of given) {
    const { byteLength } = message.body;
    if (byteLength > messageBodyBytesMax) {
      return refuse(
        "body-too-large",
        `The body has ${byteLength} bytes; ${messageBodyBytesMax} are the most.`,
      );
    }
    const refused = refuseOptions(message);
    if (refused !== undefined) return refused;
    if (message.deduplicationId !== undefined) hasIds = true;
  }
  const firstSequence = state.nextSequence;
  const duplicates = hasIds ? duplicatesIn(state, given, now) : noDuplicates;
  const messages: SentMessage[] = [];
  let bodyBytes = 0;
  for (let i = 0; i < given.length; i++) {
    if (duplicates.size > 0 && duplicates.has(i)) continue;
    const message = given[i] as OutgoingMessage;
    bodyBytes += message.body.byteLength;
    messages.push(withOptions(state, message));
  }
  const reply = { firstSequence, duplicates };
  if (messages.length === 0) return { ok: true, records: [], reply };
  const room = roomFor(state, { messageCount: messages.length, bodyBytes }, leaving);
  if ("refusal" in room) return room;
  const records: OwnedRecord<QueueRecord>[] = [];
  const owner = state.number;
  if (room.length > 0) {
    records.push({ owner, record: { kind: "dropped", sequences: room, reason: "overflow" } });
  }
  records.push({ owner, record: { kind: "sent", firstSequence, enqueuedAtMs: now.wallMs, messages } });
  return { ok: true, records, reply };
}

/** By their place in the send; also those that repeat another one of the same send. */
function duplicatesIn(
  state: QueueState,
  messages: readonly OutgoingMessage[],
  now: Now,
): ReadonlyMap<number, MessageSequence> {
  const sinceMs = now.monotonicMs - state.settings.deduplicationWindowMs;
  const duplicates = new Map<number, MessageSequence>();
  const own = new Map<string, MessageSequence>();
  for (const [i, { deduplicationId: id }] of messages.entries()) {
    if (id === undefined) continue;
    const sequence = own.get(id) ?? state.deduplication.find(id, sinceMs);
    if (sequence === undefined) own.set(id, state.nextSequence + i - duplicates.size);
    else duplicates.set(i, sequence);
  }
  return duplicates;
}

/** With what the queue has where the message says nothing. A message without options stays as it is: most are. */
function withOptions({ settings }: QueueState, message: OutgoingMessage): SentMessage {
  const { body, attributes, groupId, deduplicationId } = message;
  const delayMs = message.delayMs ?? settings.delayMs;
  const timeToLiveMs = message.timeToLiveMs ?? settings.timeToLiveMs;
  const priority = message.priority ?? plainOptions.priority;
  const isPlain =
    delayMs === 0 &&
    timeToLiveMs === Number.POSITIVE_INFINITY &&
    priority === 0 &&
    groupId === undefined &&
    deduplicationId === undefined;
  if (isPlain) return { body, attributes };
  return { body, attributes, options: { delayMs, timeToLiveMs, priority, groupId, deduplicationId } };
}
