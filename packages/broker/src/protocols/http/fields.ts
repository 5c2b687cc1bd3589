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

/** ISO 8601, UTC, with milliseconds. */
export const instant = (wallMs: number): string => new Date(wallMs).toISOString();
