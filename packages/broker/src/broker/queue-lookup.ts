/** Finds a message by its id: in the queue that gave the id out by its sequence, elsewhere among those that were moved. */

import { sequenceOfOrigin } from "../queue/provenance-lookup.ts";
import { type Refused, refuse } from "../queue/refusals.ts";
import type { QueueState } from "../queue/state.ts";
import type { Core } from "./core.ts";
import { parseMessageId } from "./ids.ts";

export function findMessage(
  { salt }: Pick<Core, "salt">,
  queue: QueueState,
  id: string,
): number | Refused<"unknown-message"> {
  const origin = parseMessageId(salt, id);
  const sequence = origin && sequenceOfOrigin(queue, origin.queue, origin.sequence);
  return sequence ?? refuse("unknown-message", `The queue has no message '${id.slice(0, 60)}'.`);
}
