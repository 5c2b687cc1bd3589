/** The offset of a time, found by halving: records of a partition lie in the order of their publishing. */
import type { Result } from "../../../broker/api.ts";
import type { OffsetAtRequest, WholeBroker } from "./full-broker.ts";

/** Where clocks went back, an offset near by. Refused as a fetch would be. */
export async function offsetAt(
  broker: WholeBroker,
  { topic, partition, timeMs }: OffsetAtRequest,
): Promise<Result<{ readonly offset: number }>> {
  const read = (offset: number) =>
    broker.fetch({ topic, partition, offset, recordsMax: 1, bytesMax: 1, waitMs: 0 });
  const described = await broker.describeTopic(topic);
  if (!described.ok) return described;
  const { retention, partitions } = described.description;
  const found = partitions[partition];
  if (found === undefined || retention === "live") {
    const refused = await read(0);
    return refused.ok ? { ok: true, offset: 0 } : refused;
  }
  let [low, high] = [found.startOffset, found.endOffset];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const answer = await read(middle);
    if (!answer.ok) return answer;
    const [record] = answer.records;
    if (record === undefined || record.publishedAtMs >= timeMs) high = middle;
    else low = record.offset + 1;
  }
  return { ok: true, offset: low };
}
