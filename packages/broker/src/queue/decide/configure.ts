/** Configure: a queue is created, or works with other settings from now on. */
import type { Done } from "../commands.ts";
import { receiveCountMaxMax, visibilityTimeoutMsMax } from "../limits.ts";
import { refuse } from "../refusals.ts";
import type { QueueSettings } from "../settings.ts";
import type { QueueState } from "../state.ts";
import type { QueueDecision, QueueDirectory } from "./decision.ts";

const strength = { memory: 0, buffered: 1, synced: 2 } as const;

/** Refused as `invalid-setting`, with the setting, its value and the bound; as `unknown-queue` when there is no such dead-letter queue. */
export function decideConfigure(
  state: QueueState,
  settings: QueueSettings,
  directory: QueueDirectory,
): QueueDecision<Done> {
  const { visibilityTimeoutMs, messageCountMax, bodyBytesMax, deadLetter, durability } = settings;
  if (!(visibilityTimeoutMs >= 0 && visibilityTimeoutMs <= visibilityTimeoutMsMax)) {
    return invalid("visibilityTimeoutMs", visibilityTimeoutMs, `from 0 to ${visibilityTimeoutMsMax}`);
  }
  if (!isCount(messageCountMax)) return invalid("messageCountMax", messageCountMax, "a whole number from 1");
  if (!isCount(bodyBytesMax)) return invalid("bodyBytesMax", bodyBytesMax, "a whole number from 1");
  if (deadLetter !== undefined) {
    const { queue, receiveCountMax } = deadLetter;
    if (!isCount(receiveCountMax) || receiveCountMax > receiveCountMaxMax) {
      return invalid("receiveCountMax", receiveCountMax, `a whole number from 1 to ${receiveCountMaxMax}`);
    }
    if (queue === state.number)
      return refuse("invalid-setting", "A queue cannot be its own dead-letter queue.");
    const target = directory.queue(queue);
    if (target === undefined) return refuse("unknown-queue", "There is no such dead-letter queue.");
    if (strength[target.settings.durability] < strength[durability]) {
      return refuse(
        "invalid-setting",
        `The dead-letter queue is ${target.settings.durability} and would keep less than this queue, which is ${durability}.`,
      );
    }
  }
  const record = { kind: "configured", settings } as const;
  return { ok: true, records: [{ owner: state.number, record }], reply: { done: true } };
}

const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 1;

const invalid = (name: string, value: number, allowed: string) =>
  refuse("invalid-setting", `${name} is ${value}; it may be ${allowed}.`);
