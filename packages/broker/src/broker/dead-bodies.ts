/** What a replay leaves to be given back: bodies that the journal mentioned and that no state wants any more. */
import type { BodyPosition } from "../journal/journal.ts";
import { takeDeadBodies } from "../queue/state.ts";
import { takeDeadBatches } from "../topic/state.ts";
import type { BrokerState } from "./state.ts";

/** Positions of bodies that died in any queue or topic since somebody last took them. */
export function* takeAllDeadBodies(state: BrokerState): Generator<BodyPosition> {
  yield* state.removed.takeBodies();
  for (const queue of state.queues()) yield* takeDeadBodies(queue);
  for (const topic of state.topics()) yield* takeDeadBatches(topic);
}
