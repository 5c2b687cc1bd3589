/** What deciding about topics and groups gives: facts and an answer, or a refusal. */
import type { Decided } from "../../queue/decide/decision.ts";
import type { Refused } from "../../queue/refusals.ts";
import type { TopicRefusal } from "../refusals.ts";

/** Holds for the state that it was made on: append and apply its records before anything else is decided about the same topic. */
export type TopicDecision<Fact, Reply> = Decided<Fact, Reply> | Refused<TopicRefusal>;
