/** Who reads what: the partitions of the topics, dealt out to the members of a group. */
import type { Assignment, TopicPartition } from "../commands.ts";
import type { TopicDirectory } from "../state.ts";
import type { Member } from "./state.ts";

/**
 * Topics with as many partitions that the same members want. They are dealt out as one: who reads partition 3 of one reads partition 3
 * of the others, so that records with the same key meet in one member.
 */
interface Bundle {
  readonly topics: number[];
  readonly partitionCount: number;
  /** Ids of the members, sorted. */
  readonly readers: readonly string[];
}

/**
 * Deals evenly and moves as little as it can: of a bundle, the shares of its readers differ by at most one partition number. Who gets
 * the odd ones is, in this order, who reads the least so far, who reads the most of the bundle already, and whose id comes first.
 * The same members get the same again. Every member is in the answer, also with nothing to read.
 */
export function assign(
  members: ReadonlyMap<string, Pick<Member, "topics">>,
  owned: Assignment["members"],
  directory: TopicDirectory,
): Assignment["members"] {
  const shares = new Map<string, TopicPartition[]>([...members.keys()].sort().map((id) => [id, []]));
  const owners = ownersOf(owned);
  for (const bundle of bundlesOf(members, directory)) deal(bundle, owners, shares);
  for (const share of shares.values()) share.sort((a, b) => a.topic - b.topic || a.partition - b.partition);
  return shares;
}

/** By topic and partition. */
type Owners = ReadonlyMap<number, readonly (string | undefined)[]>;

function ownersOf(owned: Assignment["members"]): Owners {
  const owners = new Map<number, string[]>();
  for (const [id, partitions] of owned) {
    for (const { topic, partition } of partitions) {
      const ofTopic = owners.get(topic) ?? [];
      ofTopic[partition] = id;
      owners.set(topic, ofTopic);
    }
  }
  return owners;
}

/** The widest first: what comes later evens out what it left uneven. */
function bundlesOf(
  members: ReadonlyMap<string, Pick<Member, "topics">>,
  directory: TopicDirectory,
): readonly Bundle[] {
  const readersOf = new Map<number, string[]>();
  for (const id of [...members.keys()].sort()) {
    for (const topic of new Set(members.get(id)?.topics)) {
      const readers = readersOf.get(topic);
      if (readers === undefined) readersOf.set(topic, [id]);
      else readers.push(id);
    }
  }
  const bundles = new Map<string, Bundle>();
  for (const [topic, readers] of [...readersOf].sort(([a], [b]) => a - b)) {
    const partitionCount = directory.topic(topic)?.partitions.length ?? 0;
    const alike = JSON.stringify([partitionCount, readers]);
    const bundle = bundles.get(alike);
    if (bundle === undefined) bundles.set(alike, { topics: [topic], partitionCount, readers });
    else bundle.topics.push(topic);
  }
  return [...bundles.values()].sort((a, b) => b.topics.length - a.topics.length);
}

function deal(bundle: Bundle, owners: Owners, shares: ReadonlyMap<string, TopicPartition[]>): void {
  const { topics, partitionCount, readers } = bundle;
  const kept = new Map<string, { readonly partition: number; readonly topicCount: number }[]>(
    readers.map((id) => [id, []]),
  );
  const free: number[] = [];
  for (let partition = 0; partition < partitionCount; partition++) {
    const owner = mainOwner(partition, bundle, owners);
    const ofOwner = kept.get(owner?.id ?? "");
    if (owner === undefined || ofOwner === undefined) free.push(partition);
    else ofOwner.push({ partition, topicCount: owner.topicCount });
  }
  const load = (id: string) => shares.get(id)?.length ?? 0;
  const keptBy = (id: string) => kept.get(id)?.length ?? 0;
  const order = readers.toSorted((a, b) => load(a) - load(b) || keptBy(b) - keptBy(a));
  const [least, odd] = [Math.floor(partitionCount / readers.length), partitionCount % readers.length];
  const wanting: { readonly id: string; readonly count: number }[] = [];
  for (const [i, id] of order.entries()) {
    const quota = least + (i < odd ? 1 : 0);
    // Where topics were read apart until now, those partition numbers stay of which more would have to move.
    const ranked = (kept.get(id) ?? []).sort((a, b) => b.topicCount - a.topicCount);
    for (const { partition } of ranked.slice(quota)) free.push(partition);
    for (const { partition } of ranked.slice(0, quota)) give(id, partition);
    wanting.push({ id, count: quota - Math.min(quota, ranked.length) });
  }
  free.sort((a, b) => a - b);
  for (const { id, count } of wanting) for (const partition of free.splice(0, count)) give(id, partition);

  function give(id: string, partition: number): void {
    for (const topic of topics) shares.get(id)?.push({ topic, partition });
  }
}

/** The reader who has the partition in most of the topics of the bundle, if one has it at all. */
function mainOwner(partition: number, { topics, readers }: Bundle, owners: Owners) {
  const topicCounts = new Map<string, number>();
  for (const topic of topics) {
    const id = owners.get(topic)?.[partition];
    if (id !== undefined) topicCounts.set(id, (topicCounts.get(id) ?? 0) + 1);
  }
  let main: { readonly id: string; readonly topicCount: number } | undefined;
  for (const [id, topicCount] of topicCounts) {
    if (readers.includes(id) && topicCount > (main?.topicCount ?? 0)) main = { id, topicCount };
  }
  return main;
}
