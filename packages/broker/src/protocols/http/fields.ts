/** Fields that several routes share, and how the API writes time. */
import Type from "typebox";

export const defaultName = "default";

export const queueField = Type.Optional(
  Type.String({ description: "Name of the queue. Default: default.", examples: ["orders"] }),
);
export const topicField = Type.Optional(
  Type.String({ description: "Name of the topic. Default: default.", examples: ["news"] }),
);
export const receiptField = Type.String({
  maxLength: 256,
  description: "From the dequeue: it holds for that delivery only.",
});
export const durabilityField = Type.Enum(["synced", "replicated", "buffered", "memory"], {
  description: "What this answer rests on.",
});

export const durableAnswer = Type.Object({ durability: durabilityField });
export const refusedEntry = Type.Object({ code: Type.String(), detail: Type.String() });

/** Seconds of the API, which may be fractional, as the milliseconds of the broker. */
export const milliseconds = (seconds: number): number => Math.round(seconds * 1000);

/** Milliseconds of the broker, which may be a bound that is left open, as seconds of the API, which has null for that. */
export const secondsOrNull = (ms: number | undefined): number | null =>
  ms === undefined || ms === Number.POSITIVE_INFINITY ? null : ms / 1000;

/** The last instant that a date can say (ECMA-262, time values). */
const wallMsMax = 8.64e15;

/** ISO 8601, UTC, with milliseconds. What is too far ahead for that is written as the last instant that is not. */
export const instant = (wallMs: number): string => new Date(Math.min(wallMs, wallMsMax)).toISOString();

export const instantOrNull = (wallMs: number | undefined): string | null =>
  wallMs === undefined ? null : instant(wallMs);

export const instantField = (description?: string) =>
  Type.String({ format: "date-time", ...(description !== undefined && { description }) });

/** Fields that are always there, and null when there is nothing to say. */
export const textOrNull = (description: string) =>
  Type.Unsafe<string | null>({ type: ["string", "null"], description });
export const numberOrNull = (description: string) =>
  Type.Unsafe<number | null>({ type: ["number", "null"], description });
export const instantOrNullField = (description: string) =>
  Type.Unsafe<string | null>({ type: ["string", "null"], format: "date-time", description });
