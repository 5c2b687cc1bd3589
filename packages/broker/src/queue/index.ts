/** The rules of a queue, as the shell uses them: decide, append, apply. */

export { applyToQueue } from "./apply.ts";
export type { EncodedBody, ReplayedBody } from "./body-codec.ts";
export type * from "./commands.ts";
export { decideAck, decideAckBatch } from "./decide/ack.ts";
export { decideConfigure } from "./decide/configure.ts";
export type * from "./decide/decision.ts";
export { decideDue, type FellDue } from "./decide/due.ts";
export { decideExtend } from "./decide/extend.ts";
export { decideNack } from "./decide/nack.ts";
export { decideReceive } from "./decide/receive.ts";
export { decideRelocate, type FoundBody } from "./decide/relocate.ts";
export { decideSend } from "./decide/send.ts";
export type { DecodedRecord } from "./decoded.ts";
export * from "./limits.ts";
export * from "./message.ts";
export type * from "./now.ts";
export { decodeQueueRecord, type EncodedRecord, encodeQueueRecord } from "./record-codec.ts";
export type { QueueRecord } from "./records.ts";
export * from "./refusals.ts";
export * from "./settings.ts";
export { snapshotQueue } from "./snapshot.ts";
export {
  bodyPositionOf,
  nextDueMs,
  type QueueCounts,
  QueueState,
  queueCounts,
  takeDeadBodies,
} from "./state.ts";
