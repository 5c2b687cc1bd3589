/** Queues in full: the clients of each feature, with what they were told. */
import type { HttpClient } from "../../src/http-client.ts";
import type { Incarnation } from "../../src/incarnations.ts";
import type { Load } from "../../src/load.ts";
import { DelaysProof } from "./delays.ts";
import { GivenUpProof } from "./given-up.ts";
import { GroupsProof } from "./groups.ts";
import { LifetimesProof } from "./lifetimes.ts";
import { OnceProof } from "./once.ts";
import { PipelineProof } from "./pipeline.ts";
import { PurgesProof } from "./purges.ts";
import { UrgencyProof } from "./urgency.ts";

/** The clients of one feature. */
export interface QueueProof {
  prepare(http: HttpClient): Promise<void>;
  addClients(load: Load): void;
  /** Drains, compares, and says how much there was. */
  settle(last: Incarnation): Promise<string>;
}

export const queueProofs = (): readonly QueueProof[] => [
  new GroupsProof(),
  new DelaysProof(),
  new LifetimesProof(),
  new GivenUpProof(),
  new OnceProof(),
  new UrgencyProof(),
  new PipelineProof(),
  new PurgesProof(),
];
