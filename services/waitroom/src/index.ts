/** A virtual waiting room: lines with exact positions, slots that are leases, signed checkout tokens, and events for the shop behind it. */
export {
  checkoutCompleted,
  checkoutExpired,
  checkoutFailed,
  queueJoined,
  queueLeft,
  queueReady,
} from "./contract/events.ts";
export { waitroomOwnedTopics, waitroomPartitionCounts } from "./store/topics.ts";
export { createWaitroom, type WaitroomOptions } from "./waitroom.ts";
