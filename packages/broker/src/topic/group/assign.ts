/** Who reads what: the partitions of the topics, dealt out to the members of a group. */
import type { TopicPartition } from "../commands.ts";
import type { TopicDirectory } from "../state.ts";

/**
 * Partition p of a topic goes to the (p mod n)-th of the n members who want the topic, sorted by id. Topics with equal partition
 * counts that the same members want are so assigned alike: the member who reads partition 3 of one reads partition 3 of the others,
 * and records with the same key meet in one place. Every member is in the answer, also with nothing to read.
 */
export function assign(
  subscriptions: ReadonlyMap<string, readonly number[]>,
  directory: TopicDirectory,
): ReadonlyMap<string, readonly TopicPartition[]> {
  const members = [...subscriptions.keys()].sort();
  const assigned = new Map<string, TopicPartition[]>(members.map((id) => [id, []]));
  const topics = new Set([...subscriptions.values()].flat());
  for (const number of [...topics].sort((a, b) => a - b)) {
    const readers = members.filter((id) => subscriptions.get(id)?.includes(number));
    const partitionCount = directory.topic(number)?.partitions.length ?? 0;
    for (let partition = 0; partition < partitionCount; partition++) {
      const reader = readers[partition % readers.length];
      if (reader !== undefined) assigned.get(reader)?.push({ topic: number, partition });
    }
  }
  return assigned;
}
