/** What becomes of a record that a consumer group cannot handle: it goes on as it is, with headers that say what happened. */
import type { EngineOutgoing, EngineRecord } from "./engine.ts";

/**
 * - `invalid-event`: the body is not JSON or does not fit the schema; trying again would not help.
 * - `unknown-type`: the envelope names a type that the group has no handler for.
 * - `handler-failed`: the handler threw as often as the retry policy allows.
 */
export type DeadLetterReason = "invalid-event" | "unknown-type" | "handler-failed";

export interface DeadLetterCause {
  readonly reason: DeadLetterReason;
  readonly error: unknown;
  readonly group: string;
  /** How often the record was handed to the handler; 0 when never. */
  readonly attempts: number;
  readonly timeMs: number;
}

/** An error's text is cut to so many characters: it stands in a header. */
const errorLengthMax = 1_000;

/** The dead letter of a record: its key, value and headers unchanged, and the `dlq-` headers of docs/events.md. */
export function deadLetterOf(record: EngineRecord, topic: string, cause: DeadLetterCause): EngineOutgoing {
  const headers = new Map(record.headers)
    .set("dlq-reason", cause.reason)
    .set("dlq-error", textOf(cause.error).slice(0, errorLengthMax))
    .set("dlq-topic", record.topic)
    .set("dlq-partition", String(record.partition))
    .set("dlq-offset", String(record.offset))
    .set("dlq-group", cause.group)
    .set("dlq-attempts", String(cause.attempts))
    .set("dlq-time", new Date(cause.timeMs).toISOString());
  return { topic, key: record.key, value: record.value, headers };
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
