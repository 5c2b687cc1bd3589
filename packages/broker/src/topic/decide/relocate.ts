/** Relocate: batches are written once more, so that the part of the journal where they lie can go. */
import type { Decided } from "../../queue/decide/decision.ts";
import type { BodyPosition } from "../../queue/message.ts";
import type { TopicJournalRecord } from "../records.ts";
import type { TopicState } from "../state.ts";

/** A batch that was found at a position, some time ago. */
export interface FoundBatch {
  readonly partition: number;
  readonly firstOffset: number;
  readonly position: BodyPosition;
  readonly bytes: Uint8Array;
}

/** Those of them that are still wanted from where they were found. */
export function decideRelocateBatches(
  state: TopicState,
  found: readonly FoundBatch[],
): Decided<TopicJournalRecord, { readonly bodyBytes: number }> {
  const batches = found.filter(
    ({ partition, firstOffset, position }) =>
      state.partitions[partition]?.find(firstOffset)?.position === position,
  );
  const bodyBytes = batches.reduce((sum, { bytes }) => sum + bytes.byteLength, 0);
  if (batches.length === 0) return { ok: true, records: [], reply: { bodyBytes } };
  const record = {
    kind: "relocated",
    batches: batches.map(({ partition, firstOffset, bytes }) => ({ partition, firstOffset, bytes })),
  } as const;
  return { ok: true, records: [{ owner: state.number, record }], reply: { bodyBytes } };
}
