/** Send: messages come in at the end, all of them or none. */
import type { Send, Sent } from "../commands.ts";
import { messageBodyBytesMax } from "../limits.ts";
import type { Now } from "../now.ts";
import { refuse } from "../refusals.ts";
import type { QueueState } from "../state.ts";
import type { QueueDecision } from "./decision.ts";

/** Refused as `body-too-large` or `queue-full`. Several sends to one queue in one append are one command with all their messages. */
export function decideSend(state: QueueState, { messages }: Send, now: Now): QueueDecision<Sent> {
  const { messageCountMax, bodyBytesMax } = state.settings;
  let bodyBytes = 0;
  for (const { body } of messages) {
    if (body.byteLength > messageBodyBytesMax) {
      return refuse(
        "body-too-large",
        `The body has ${body.byteLength} bytes; ${messageBodyBytesMax} are the most.`,
      );
    }
    bodyBytes += body.byteLength;
  }
  if (state.messages.used + messages.length > messageCountMax) {
    return refuse(
      "queue-full",
      `The queue holds ${state.messages.used} messages and takes ${messageCountMax} at most; ${messages.length} more do not fit.`,
    );
  }
  if (state.bodyBytes + bodyBytes > bodyBytesMax) {
    return refuse(
      "queue-full",
      `The queue holds ${state.bodyBytes} body bytes and takes ${bodyBytesMax} at most; ${bodyBytes} more do not fit.`,
    );
  }
  const firstSequence = state.nextSequence;
  const reply = { firstSequence };
  if (messages.length === 0) return { ok: true, records: [], reply };
  const record = { kind: "sent", firstSequence, enqueuedAtMs: now.wallMs, messages } as const;
  return { ok: true, records: [{ owner: state.number, record }], reply };
}
