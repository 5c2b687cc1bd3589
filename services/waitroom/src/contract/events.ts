/**
 * The public events of the waiting room, as other services read and write them: plain JSON, keyed by `event_id`, with exactly these
 * fields. Times are RFC 3339 in UTC: `timestamp` with milliseconds, the others in whole seconds.
 */
import { event } from "@sluice/bus";
import Type from "typebox";

const id = Type.String({ minLength: 1 });
const time = Type.String({ format: "date-time" });

/** Somebody stands in line. `position` is the rank at joining, from 1. */
export const queueJoined = event({
  type: "QUEUE_JOINED",
  topic: "QUEUE_JOINED",
  schema: Type.Object({
    session_id: id,
    user_id: id,
    event_id: id,
    position: Type.Integer({ minimum: 1 }),
    joined_at: time,
    timestamp: time,
  }),
  key: (data) => data.event_id,
});

/**
 * Somebody is out without a checkout: `user_left` by own wish; `expired` because the checkout token ran out or the room was closed;
 * `timeout` is for silence, which this version does not watch for.
 */
export const queueLeft = event({
  type: "QUEUE_LEFT",
  topic: "QUEUE_LEFT",
  schema: Type.Object({
    session_id: id,
    user_id: id,
    event_id: id,
    reason: Type.Union([Type.Literal("user_left"), Type.Literal("timeout"), Type.Literal("expired")]),
    left_at: time,
    timestamp: time,
  }),
  key: (data) => data.event_id,
});

/** Somebody has a slot. `checkout_token` is a JWT whose `exp` is `expires_at`, 15 minutes after `admitted_at`. */
export const queueReady = event({
  type: "QUEUE_READY",
  topic: "QUEUE_READY",
  schema: Type.Object({
    session_id: id,
    user_id: id,
    event_id: id,
    checkout_token: id,
    admitted_at: time,
    expires_at: time,
    timestamp: time,
  }),
  key: (data) => data.event_id,
});

const ticket = Type.Object({
  id,
  seat_no: Type.String(),
  category: Type.String(),
  price: Type.Number(),
});

/** The shop says: paid. */
export const checkoutCompleted = event({
  type: "CHECKOUT_COMPLETED",
  topic: "CHECKOUT_COMPLETED",
  schema: Type.Object({
    order_id: id,
    session_id: id,
    user_id: id,
    event_id: id,
    tickets: Type.Array(ticket),
    payment_id: id,
    amount: Type.Number(),
    timestamp: time,
  }),
  key: (data) => data.event_id,
});

/** The shop says: it came to nothing. */
export const checkoutFailed = event({
  type: "CHECKOUT_FAILED",
  topic: "CHECKOUT_FAILED",
  schema: Type.Object({
    order_id: id,
    session_id: id,
    user_id: id,
    event_id: id,
    reason: Type.Union([
      Type.Literal("payment_failed"),
      Type.Literal("inventory_unavailable"),
      Type.Literal("validation_error"),
    ]),
    error_message: Type.String(),
    timestamp: time,
  }),
  key: (data) => data.event_id,
});

/** The shop says: the time for paying ran out. */
export const checkoutExpired = event({
  type: "CHECKOUT_EXPIRED",
  topic: "CHECKOUT_EXPIRED",
  schema: Type.Object({
    order_id: id,
    session_id: id,
    user_id: id,
    event_id: id,
    tickets: Type.Array(ticket),
    expired_at: time,
    timestamp: time,
  }),
  key: (data) => data.event_id,
});
