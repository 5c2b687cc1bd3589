/** Relocate: bodies are written once more, so that the part of the journal where they lie can go. */
import type { BodyPosition, MessageSequence } from "../message.ts";
import type { QueueRecord } from "../records.ts";
import type { QueueState } from "../state.ts";
import type { Decided } from "./decision.ts";

/** A body that was found at a position, some time ago. */
export interface FoundBody {
  readonly sequence: MessageSequence;
  readonly position: BodyPosition;
  readonly body: Uint8Array;
}

/** Those of them that are still wanted from where they were found. */
export function decideRelocate(
  state: QueueState,
  found: readonly FoundBody[],
): Decided<QueueRecord, { readonly bodyBytes: number }> {
  const messages = found.filter(({ sequence, position }) => {
    const slot = state.index.find(sequence);
    return slot >= 0 && state.messages.bodyPosition[slot] === position;
  });
  const bodyBytes = messages.reduce((sum, { body }) => sum + body.byteLength, 0);
  if (messages.length === 0) return { ok: true, records: [], reply: { bodyBytes } };
  const record = {
    kind: "relocated",
    messages: messages.map(({ sequence, body }) => ({ sequence, body })),
  } as const;
  return { ok: true, records: [{ owner: state.number, record }], reply: { bodyBytes } };
}
