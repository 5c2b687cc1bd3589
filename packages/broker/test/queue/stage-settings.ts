/** The settings of a queue in the words of transcripts, and the words for time. */
import { fail } from "node:assert/strict";
import type { QueueSettings } from "../../src/queue/index.ts";

const unitsMs = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

export function durationMs(text: string): number {
  if (text === "never") return Number.POSITIVE_INFINITY;
  const [, amount, unit] = /^(-?[\d.]+)(ms|s|m|h|d)$/.exec(text) ?? [];
  if (unit === undefined) return fail(`${text} is no duration`);
  return Number(amount) * unitsMs[unit as keyof typeof unitsMs];
}

export function durationText(ms: number): string {
  for (const unit of ["d", "h", "m", "s"] as const)
    if (ms > 0 && ms % unitsMs[unit] === 0) return `${ms / unitsMs[unit]}${unit}`;
  return `${ms}ms`;
}

export type Options = ReadonlyMap<string, string>;

const times = {
  visibility: "visibilityTimeoutMs",
  delay: "delayMs",
  "time-to-live": "timeToLiveMs",
  aging: "priorityAgingMs",
  "deduplication-window": "deduplicationWindowMs",
} as const satisfies Record<string, keyof QueueSettings>;

const numbers = {
  "park-after": "parkAfterReceives",
  "in-flight-max": "inFlightMax",
  "per-second": "startsPerSecondMax",
  "max-messages": "messageCountMax",
  "max-bytes": "bodyBytesMax",
} as const satisfies Record<string, keyof QueueSettings>;

const words = {
  "on-expiry": "onExpiry",
  overflow: "overflow",
  durability: "durability",
} as const satisfies Record<string, keyof QueueSettings>;

const known = new Set([
  ...[...Object.keys(times), ...Object.keys(numbers), ...Object.keys(words)],
  ...["dead-letter", "max-receives", "retry", "retry-max", "retry-factor", "retry-jitter"],
]);

/** `settings` with what the options change. `numberOf` gives the number of a queue by its name. */
export function changed(
  settings: QueueSettings,
  options: Options,
  numberOf: (name: string) => number | undefined,
): QueueSettings {
  for (const name of options.keys()) if (!known.has(name)) fail(`${name} is no setting`);
  const own: Record<string, unknown> = {};
  for (const [name, key] of Object.entries(times)) {
    const value = options.get(name);
    if (value !== undefined) own[key] = durationMs(value);
  }
  for (const [name, key] of Object.entries(numbers)) {
    const value = options.get(name);
    if (value !== undefined) own[key] = value === "any" ? Number.POSITIVE_INFINITY : Number(value);
  }
  for (const [name, key] of Object.entries(words)) {
    const value = options.get(name);
    if (value !== undefined) own[key] = value;
  }
  const { retry } = settings;
  const policy = {
    minDelayMs: durationMs(options.get("retry") ?? `${retry.minDelayMs}ms`),
    maxDelayMs: durationMs(options.get("retry-max") ?? `${retry.maxDelayMs}ms`),
    factor: Number(options.get("retry-factor") ?? retry.factor),
    jitter: Number(options.get("retry-jitter") ?? retry.jitter),
  };
  return { ...settings, ...own, retry: policy, deadLetter: deadLetterOf(settings, options, numberOf) };
}

function deadLetterOf(
  { deadLetter }: QueueSettings,
  options: Options,
  numberOf: (name: string) => number | undefined,
): QueueSettings["deadLetter"] {
  const [name, receives] = [options.get("dead-letter"), options.get("max-receives")];
  if (name === undefined && receives === undefined) return deadLetter;
  if (name === "none") return undefined;
  return {
    queue: name === undefined ? (deadLetter?.queue ?? 0) : (numberOf(name) ?? 0),
    receiveCountMax: Number(receives ?? deadLetter?.receiveCountMax),
  };
}
