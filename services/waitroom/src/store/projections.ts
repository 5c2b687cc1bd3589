/**
 * The public events as projections of the log: each follows from one record alone, so that a record told again, after a restart or by a
 * rebuild, gives the same event with the same checkout token.
 */
import type { EventType } from "@sluice/bus";
import type { CheckoutTokens } from "../admission/checkout-token.ts";
import { queueJoined, queueLeft, queueReady } from "../contract/events.ts";
import { inSeconds, withMilliseconds } from "../contract/times.ts";
import type { LineRecord } from "../line/index.ts";

/** Publishes what the world is to hear of `record`; most records say one thing, some nothing. */
export function project(
  tokens: CheckoutTokens,
  record: LineRecord,
  publish: <Data>(type: EventType<Data>, data: Data) => void,
): void {
  const timestamp = withMilliseconds(record.at_ms);
  switch (record.kind) {
    case "joined": {
      const { session_id, user_id, event_id, position } = record;
      const joined_at = inSeconds(record.at_ms);
      publish(queueJoined, { session_id, user_id, event_id, position, joined_at, timestamp });
      return;
    }
    case "admitted": {
      const { session_id, user_id, event_id } = record;
      const checkout_token = tokens.sign({
        tokenId: record.token_id,
        sessionId: session_id,
        eventId: event_id,
        userId: user_id,
        admittedAtMs: record.at_ms,
        expiresAtMs: record.expires_at_ms,
        keyId: record.key_id,
      });
      const admitted_at = inSeconds(record.at_ms);
      const expires_at = inSeconds(record.expires_at_ms);
      publish(queueReady, {
        session_id,
        user_id,
        event_id,
        checkout_token,
        admitted_at,
        expires_at,
        timestamp,
      });
      return;
    }
    case "left": {
      const { session_id, user_id, event_id, reason } = record;
      const left_at = inSeconds(record.at_ms);
      publish(queueLeft, { session_id, user_id, event_id, reason, left_at, timestamp });
      return;
    }
    case "room-set":
    case "room-closed":
    case "checkout-ended":
      return;
    default:
      record satisfies never;
  }
}
