/** Finds a message by where it was first sent, which is what its id is made of. */
import type { MessageSequence } from "./message.ts";
import type { QueueState } from "./state.ts";

/** One that was sent here is found at once; for one that was moved here, those that were are looked through. Undefined when it is not here. */
export function sequenceOfOrigin(
  { number, index, messages }: QueueState,
  originQueue: number,
  originSequence: MessageSequence,
): MessageSequence | undefined {
  if (originQueue === number) {
    const slot = index.find(originSequence);
    if (slot >= 0 && !messages.provenance.has(slot)) return originSequence;
  }
  for (const [slot, provenance] of messages.provenance) {
    if (provenance.originQueue === originQueue && provenance.originSequence === originSequence) {
      return messages.sequence[slot];
    }
  }
  return undefined;
}
