/**
 * What the shop says, turned into commands. Of a CHECKOUT event only what the rules need is asked for, so that a shop in another language
 * that words the rest differently still gives its slots back; without these fields an event goes to the dead letters.
 */
import { event, type Input, input } from "@sluice/bus";
import Type from "typebox";
import { checkoutCompleted, checkoutExpired, checkoutFailed } from "../contract/events.ts";
import type { CheckoutOutcome, EndCheckout, LineCommand } from "../line/index.ts";

const id = Type.String({ minLength: 1 });

const checkoutEnd = Type.Object({
  order_id: id,
  session_id: id,
  user_id: id,
  event_id: id,
  timestamp: Type.String({ format: "date-time" }),
});

function checkoutInput(
  contract: { type: string; topic: string },
  outcome: CheckoutOutcome,
): Input<LineCommand> {
  const read = event({
    type: contract.type,
    topic: contract.topic,
    schema: checkoutEnd,
    key: (data) => data.event_id,
  });
  return input(
    read,
    ({ data }): EndCheckout => ({
      kind: "end-checkout",
      eventId: data.event_id,
      sessionId: data.session_id,
      orderId: data.order_id,
      outcome,
    }),
  );
}

export const checkoutInputs: readonly Input<LineCommand>[] = [
  checkoutInput(checkoutCompleted, "completed"),
  checkoutInput(checkoutFailed, "failed"),
  checkoutInput(checkoutExpired, "expired"),
];
