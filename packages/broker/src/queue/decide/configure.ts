/** Configure: a queue is created, or works with other settings from now on (Q20). */
import type { Done } from "../commands.ts";
import {
  deduplicationWindowMsMax,
  delayMsMax,
  receiveCountMaxMax,
  visibilityTimeoutMsMax,
} from "../limits.ts";
import { type QueueRefusal, type Refused, refuse } from "../refusals.ts";
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
  const refused = refuseNumbers(settings) ?? refuseDeadLetter(state, settings, directory);
  if (refused !== undefined) return refused;
  const record = { kind: "configured", settings } as const;
  return { ok: true, records: [{ owner: state.number, record }], reply: { done: true } };
}

interface Bounds {
  readonly from: number;
  readonly to: number;
  readonly isWhole?: boolean;
}

/** An infinite bound is one that may be left open. */
const bounds = {
  visibilityTimeoutMs: { from: 0, to: visibilityTimeoutMsMax },
  delayMs: { from: 0, to: delayMsMax },
  timeToLiveMs: { from: 1, to: Number.POSITIVE_INFINITY },
  parkAfterReceives: { from: 1, to: Number.POSITIVE_INFINITY, isWhole: true },
  priorityAgingMs: { from: 0, to: delayMsMax },
  deduplicationWindowMs: { from: 0, to: deduplicationWindowMsMax },
  inFlightMax: { from: 1, to: Number.POSITIVE_INFINITY, isWhole: true },
  startsPerSecondMax: { from: 0.001, to: Number.POSITIVE_INFINITY },
  messageCountMax: { from: 1, to: Number.MAX_SAFE_INTEGER, isWhole: true },
  bodyBytesMax: { from: 1, to: Number.MAX_SAFE_INTEGER, isWhole: true },
} as const satisfies Partial<Record<keyof QueueSettings, Bounds>>;

const retryBounds = {
  minDelayMs: { from: 0, to: delayMsMax },
  maxDelayMs: { from: 0, to: delayMsMax },
  factor: { from: 1, to: 10 },
  jitter: { from: 0, to: 1 },
} as const satisfies Record<keyof QueueSettings["retry"], Bounds>;

function refuseNumbers(settings: QueueSettings): Refused<QueueRefusal> | undefined {
  for (const name of Object.keys(bounds) as (keyof typeof bounds)[]) {
    const refused = refuseOutside(name, settings[name], bounds[name]);
    if (refused !== undefined) return refused;
  }
  for (const name of Object.keys(retryBounds) as (keyof typeof retryBounds)[]) {
    const refused = refuseOutside(`retry.${name}`, settings.retry[name], retryBounds[name]);
    if (refused !== undefined) return refused;
  }
  const { minDelayMs, maxDelayMs } = settings.retry;
  if (minDelayMs <= maxDelayMs) return undefined;
  return refuse(
    "invalid-setting",
    `retry.minDelayMs is ${minDelayMs}, more than retry.maxDelayMs, ${maxDelayMs}.`,
  );
}

function refuseOutside(
  name: string,
  value: number,
  { from, to, isWhole = false }: Bounds,
): Refused<QueueRefusal> | undefined {
  const isKind = !isWhole || Number.isInteger(value) || value === Number.POSITIVE_INFINITY;
  if (value >= from && value <= to && isKind) return undefined;
  const kind = isWhole ? "a whole number " : "";
  const range = to >= Number.MAX_SAFE_INTEGER ? `from ${from}` : `from ${from} to ${to}`;
  return refuse("invalid-setting", `${name} is ${value}; it may be ${kind}${range}.`);
}

function refuseDeadLetter(
  state: QueueState,
  { deadLetter, durability }: QueueSettings,
  directory: QueueDirectory,
): Refused<QueueRefusal> | undefined {
  if (deadLetter === undefined) return undefined;
  const { queue, receiveCountMax } = deadLetter;
  const refused = refuseOutside("receiveCountMax", receiveCountMax, {
    from: 1,
    to: receiveCountMaxMax,
    isWhole: true,
  });
  if (refused !== undefined) return refused;
  if (queue === state.number)
    return refuse("invalid-setting", "A queue cannot be its own dead-letter queue.");
  const target = directory.queue(queue);
  if (target === undefined) return refuse("unknown-queue", "There is no such dead-letter queue.");
  if (strength[target.settings.durability] >= strength[durability]) return undefined;
  return refuse(
    "invalid-setting",
    `The dead-letter queue is ${target.settings.durability} and would keep less than this queue, which is ${durability}.`,
  );
}
