/** The settings of a queue in JSON, in both directions: durations in seconds, and null for a bound that is left open. */
import Type, { type Static } from "typebox";
import type { QueueDescription, QueueSettingsRequest } from "../../broker/api.ts";
import { milliseconds, secondsOrNull } from "./fields.ts";
import { deduplicationWindowSecondsMax, delaySecondsMax, hideSecondsMax } from "./limits.ts";

const seconds = (maximum: number, description: string) => Type.Number({ minimum: 0, maximum, description });

/** A bound that may be left open. */
const openBound = (type: "number" | "integer", minimum: number, maximum: number, description: string) =>
  Type.Unsafe<number | null>({ type: [type, "null"], minimum, maximum, description });

const countBound = (description: string) => openBound("integer", 1, Number.MAX_SAFE_INTEGER, description);

const deadLetterFields = Type.Object(
  { queue: Type.String(), receiveCountMax: Type.Integer({ minimum: 1, maximum: 1000 }) },
  { additionalProperties: false },
);

const retryFields = Type.Object(
  {
    minDelaySeconds: seconds(delaySecondsMax, "After the first failure. 0: again at once, however often."),
    maxDelaySeconds: seconds(delaySecondsMax, "However often it failed."),
    factor: Type.Number({ minimum: 1, maximum: 10, description: "By which the delay grows." }),
    jitter: Type.Number({
      minimum: 0,
      maximum: 1,
      description: "Share of the delay by which it is shortened at random.",
    }),
  },
  { additionalProperties: false, description: "When a message can be received again that was given back." },
);

const settings = Type.Object({
  visibilityTimeoutSeconds: seconds(hideSecondsMax, "How long a delivery hides its message. Default 30."),
  delaySeconds: seconds(delaySecondsMax, "How long a message waits before it can be received. Default 0."),
  timeToLiveSeconds: openBound(
    "number",
    0.001,
    delaySecondsMax,
    "How long a message may wait; null, the default: for ever.",
  ),
  onExpiry: Type.Enum(["drop", "dead-letter"], {
    description: "What becomes of a message that waited for longer. Default drop.",
  }),
  deadLetter: Type.Unsafe<Static<typeof deadLetterFields> | null>({
    ...deadLetterFields,
    type: ["object", "null"],
    description: "Where a message goes that was received so often and is given back; null: it is parked.",
  }),
  parkAfterReceives: countBound(
    "How often a message is received that has no dead-letter queue to go to, before it is parked. Default 100; null: it never is.",
  ),
  priorityAgingSeconds: seconds(
    delaySecondsMax,
    "How long a message may be overtaken by more urgent ones. Default 60.",
  ),
  deduplication: Type.Enum(["by-id", "by-content"], {
    description:
      "Which messages are told apart: those with a deduplicationId, or by-content also the others. Default by-id.",
  }),
  deduplicationWindowSeconds: seconds(
    deduplicationWindowSecondsMax,
    "How long a deduplicationId is remembered. Default 300.",
  ),
  inFlightMax: countBound("Messages in flight at a time; null, the default: without bound."),
  startsPerSecondMax: openBound(
    "number",
    0.001,
    1_000_000_000,
    "Messages handed out in a second; null, the default: without bound.",
  ),
  messageCountMax: countBound("Messages that it holds; null, the default: without bound."),
  bodyBytesMax: countBound("Bytes of their bodies; null, the default: without bound."),
  overflow: Type.Enum(["refuse", "drop-oldest"], {
    description: "What becomes of a message that does not fit. Default refuse.",
  }),
});

/** As they are described; `durability` is told beside them, because the journal has a say in it. */
export const settingsFields = { ...settings.properties, retry: retryFields };

/** As they are asked for: what is absent keeps its value, or gets the default. */
export const settingsSchema = Type.Object(
  {
    ...Type.Partial(settings).properties,
    retry: Type.Optional(
      Type.Object(Type.Partial(retryFields).properties, {
        additionalProperties: false,
        description: "When a message can be received again that was given back. Default: at once.",
      }),
    ),
    durability: Type.Optional(
      Type.Enum(["synced", "buffered", "memory"], {
        description:
          "What an answer about the queue rests on, as far as the journal can promise it. It cannot be changed.",
      }),
    ),
  },
  {
    additionalProperties: false,
    examples: [{ visibilityTimeoutSeconds: 60, deadLetter: { queue: "orders-dead", receiveCountMax: 5 } }],
  },
);

type Given = Static<typeof settingsSchema>;
type Described = Static<ReturnType<typeof Type.Object<typeof settingsFields>>>;

/** In the words of the broker. */
export function settingsRequest(given: Given): QueueSettingsRequest {
  const { retry, durability, onExpiry, deadLetter, deduplication, overflow, ...numbers } = given;
  return {
    ...ms("visibilityTimeoutMs", numbers.visibilityTimeoutSeconds),
    ...ms("delayMs", numbers.delaySeconds),
    ...ms("timeToLiveMs", numbers.timeToLiveSeconds),
    ...ms("priorityAgingMs", numbers.priorityAgingSeconds),
    ...ms("deduplicationWindowMs", numbers.deduplicationWindowSeconds),
    ...bound("parkAfterReceives", numbers.parkAfterReceives, Number.POSITIVE_INFINITY),
    ...bound("inFlightMax", numbers.inFlightMax, Number.POSITIVE_INFINITY),
    ...bound("startsPerSecondMax", numbers.startsPerSecondMax, Number.POSITIVE_INFINITY),
    ...bound("messageCountMax", numbers.messageCountMax, Number.MAX_SAFE_INTEGER),
    ...bound("bodyBytesMax", numbers.bodyBytesMax, Number.MAX_SAFE_INTEGER),
    ...(onExpiry !== undefined && { onExpiry }),
    ...(deadLetter !== undefined && { deadLetter }),
    ...(deduplication !== undefined && { deduplication }),
    ...(overflow !== undefined && { overflow }),
    ...(durability !== undefined && { durability }),
    ...(retry !== undefined && {
      retry: {
        ...ms("minDelayMs", retry.minDelaySeconds),
        ...ms("maxDelayMs", retry.maxDelaySeconds),
        ...(retry.factor !== undefined && { factor: retry.factor }),
        ...(retry.jitter !== undefined && { jitter: retry.jitter }),
      },
    }),
  };
}

type Named<Name extends string> = { readonly [Each in Name]?: number };

function ms<Name extends string>(name: Name, given: number | null | undefined): Named<Name> {
  return bound(name, typeof given === "number" ? milliseconds(given) : given, Number.POSITIVE_INFINITY);
}

/** Nothing when it is absent; `open` for null. */
function bound<Name extends string>(name: Name, given: number | null | undefined, open: number): Named<Name> {
  return (given === undefined ? {} : { [name]: given ?? open }) as Named<Name>;
}

const orNull = (given: number): number | null => (given >= Number.MAX_SAFE_INTEGER ? null : given);

/** What `settingsRequest` reads back to the same settings. */
export function settingsOf(description: QueueDescription): Described {
  const { retry } = description;
  return {
    visibilityTimeoutSeconds: description.visibilityTimeoutMs / 1000,
    delaySeconds: description.delayMs / 1000,
    timeToLiveSeconds: secondsOrNull(description.timeToLiveMs),
    onExpiry: description.onExpiry,
    retry: {
      minDelaySeconds: retry.minDelayMs / 1000,
      maxDelaySeconds: retry.maxDelayMs / 1000,
      factor: retry.factor,
      jitter: retry.jitter,
    },
    deadLetter: description.deadLetter ?? null,
    parkAfterReceives: orNull(description.parkAfterReceives),
    priorityAgingSeconds: description.priorityAgingMs / 1000,
    deduplication: description.deduplication,
    deduplicationWindowSeconds: description.deduplicationWindowMs / 1000,
    inFlightMax: orNull(description.inFlightMax),
    startsPerSecondMax: orNull(description.startsPerSecondMax),
    messageCountMax: orNull(description.messageCountMax),
    bodyBytesMax: orNull(description.bodyBytesMax),
    overflow: description.overflow,
  };
}
