/** What the waiting room says and hears on its topics, as somebody else's service would write it down from docs/waiting-room.md. */

export interface QueueJoined {
  readonly session_id: string;
  readonly user_id: string;
  readonly event_id: string;
  readonly position: number;
}

export interface QueueReady {
  readonly session_id: string;
  readonly user_id: string;
  readonly event_id: string;
  readonly checkout_token: string;
}

export interface QueueLeft {
  readonly session_id: string;
  readonly event_id: string;
  readonly reason: string;
}

/** Topics on which the shop tells the end of a checkout, and the status that a session gets by it. */
export const checkoutTopics = {
  CHECKOUT_COMPLETED: "completed",
  CHECKOUT_FAILED: "failed",
  CHECKOUT_EXPIRED: "expired",
} as const;

export type CheckoutTopic = keyof typeof checkoutTopics;

export interface CheckoutEvent {
  readonly topic: CheckoutTopic;
  readonly data: {
    readonly session_id: string;
    readonly event_id: string;
    readonly [field: string]: unknown;
  };
}

/** A checkout's end with exactly the fields that its topic has. */
export function checkoutOf(topic: CheckoutTopic, ready: QueueReady, order_id: string): CheckoutEvent {
  const { session_id, user_id, event_id } = ready;
  const timestamp = new Date().toISOString();
  const common = { order_id, session_id, user_id, event_id };
  const tickets = [{ id: "t1", seat_no: "A-12", category: "stalls", price: 80.5 }];
  switch (topic) {
    case "CHECKOUT_COMPLETED":
      return { topic, data: { ...common, tickets, payment_id: `pay-${order_id}`, amount: 80.5, timestamp } };
    case "CHECKOUT_FAILED":
      return { topic, data: { ...common, reason: "payment_failed", error_message: "declined", timestamp } };
    case "CHECKOUT_EXPIRED":
      return { topic, data: { ...common, tickets, expired_at: timestamp, timestamp } };
  }
}
