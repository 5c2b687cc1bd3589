/** What a message may be sent with. */
import type { OutgoingMessage } from "../commands.ts";
import { delayMsMax, idBytesMax, priorityMax } from "../limits.ts";
import { type QueueRefusal, type Refused, refuse } from "../refusals.ts";

/** Undefined when all of it can be; else `invalid-message`, with the option, its value and the bound. */
export function refuseOptions(message: OutgoingMessage): Refused<QueueRefusal> | undefined {
  const { delayMs, timeToLiveMs, priority, groupId, deduplicationId } = message;
  if (delayMs !== undefined && !(delayMs >= 0 && delayMs <= delayMsMax)) {
    return invalid("delayMs", delayMs, `from 0 to ${delayMsMax}`);
  }
  if (timeToLiveMs !== undefined && !(timeToLiveMs > 0)) {
    return invalid("timeToLiveMs", timeToLiveMs, "more than 0");
  }
  if (priority !== undefined && !(Number.isInteger(priority) && priority >= 0 && priority <= priorityMax)) {
    return invalid("priority", priority, `a whole number from 0 to ${priorityMax}`);
  }
  return refuseId("groupId", groupId) ?? refuseId("deduplicationId", deduplicationId);
}

/** Undefined for a delay that can be. */
export function refuseDelay(delayMs: number): Refused<QueueRefusal> | undefined {
  return delayMs >= 0 && delayMs <= delayMsMax
    ? undefined
    : invalid("delayMs", delayMs, `from 0 to ${delayMsMax}`);
}

function refuseId(name: string, id: string | undefined): Refused<QueueRefusal> | undefined {
  if (id === undefined) return undefined;
  // Two ids with halves of characters would be one after a restart.
  if (!id.isWellFormed()) return refuse("invalid-message", `The ${name} is no well-formed Unicode text.`);
  if (id.length > 0 && utf8Bytes(id) <= idBytesMax) return undefined;
  return refuse("invalid-message", `The ${name} has ${utf8Bytes(id)} bytes; it may have 1 to ${idBytesMax}.`);
}

const utf8 = new TextEncoder();
const utf8Bytes = (text: string): number =>
  text.length > idBytesMax ? text.length : utf8.encode(text).length;

const invalid = (name: string, value: number, allowed: string): Refused<QueueRefusal> =>
  refuse("invalid-message", `${name} is ${value}; it may be ${allowed}.`);
