/** The topics of the waiting room and how they are cut up: the same way, so that a room's records and events share a partition number. */
import {
  checkoutCompleted,
  checkoutExpired,
  checkoutFailed,
  queueJoined,
  queueLeft,
  queueReady,
} from "../contract/events.ts";
import { lineRecords } from "./records.ts";

/** Fixed for good when the topics are created: the partition of a room, and with it the id of each session, depends on it. */
const partitionCount = 8;

/** Only the waiting room writes here: what it folds is what it wrote. The composition keeps others out. */
export const waitroomOwnedTopics: ReadonlySet<string> = new Set([lineRecords.topic]);

/** For the option `partitionCounts` of the bus that a waiting room is given. */
export const waitroomPartitionCounts: ReadonlyMap<string, number> = new Map(
  [lineRecords, queueJoined, queueLeft, queueReady, checkoutCompleted, checkoutFailed, checkoutExpired].map(
    ({ topic }) => [topic, partitionCount],
  ),
);
