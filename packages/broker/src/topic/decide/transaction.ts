/** T7: publishes to several topics and an offset commit, together or not at all, by a writer who proves that it still may. */
import type { OwnedRecord } from "../../queue/decide/decision.ts";
import type { Now } from "../../queue/now.ts";
import { type Refused, refuse } from "../../queue/refusals.ts";
import type { OutgoingRecord, RecordPlace, Transacted, Transaction } from "../commands.ts";
import { decideCommit } from "../group/commit.ts";
import { refuseFence } from "../group/generation.ts";
import type { GroupRecord } from "../group/records.ts";
import type { GroupDirectory } from "../group/state.ts";
import type { TopicJournalRecord } from "../records.ts";
import type { TopicRefusal } from "../refusals.ts";
import type { TopicDirectory } from "../state.ts";
import { decidePublish } from "./publish.ts";

/** The records by the kind of thing that they are about. All of them belong into one append. */
export interface TransactionDecided {
  readonly ok: true;
  readonly topics: readonly OwnedRecord<TopicJournalRecord>[];
  readonly groups: readonly OwnedRecord<GroupRecord>[];
  readonly reply: Transacted;
}

/**
 * The records are for one append, together with whatever else belongs to the transaction (`decideSend` of queues, for example).
 * The offset commit is checked before the publishes are there: nobody can have read what is being written.
 * Refused as `stale-generation` or `unexpected-offset` by the fence, and as its parts are: `unknown-topic`, `unknown-group`,
 * `body-too-large`, `unknown-partition`, `not-a-log`, `offset-out-of-range`.
 */
export function decideTransaction(
  { publishes, commit, fence }: Transaction,
  now: Now,
  directory: TopicDirectory & GroupDirectory,
): TransactionDecided | Refused<TopicRefusal> {
  const topics: OwnedRecord<TopicJournalRecord>[] = [];
  if (fence !== undefined) {
    const group = directory.group(fence.group);
    if (group === undefined) return refuse("unknown-group", `There is no group ${fence.group}.`);
    const refused = refuseFence(group, fence, directory);
    if (refused !== undefined) return refused;
  }
  const places: RecordPlace[][] = publishes.map(() => []);
  for (const [number, parts] of byTopic(publishes)) {
    const topic = directory.topic(number);
    if (topic === undefined) return refuse("unknown-topic", `There is no topic ${number}.`);
    const decision = decidePublish(topic, { records: parts.records }, now);
    if (!decision.ok) return decision;
    topics.push(...decision.records);
    for (const [i, place] of decision.reply.places.entries()) places[parts.publish[i] as number]?.push(place);
  }
  if (commit === undefined) return { ok: true, topics, groups: [], reply: { places } };
  const group = directory.group(commit.group);
  if (group === undefined) return refuse("unknown-group", `There is no group ${commit.group}.`);
  const committed = decideCommit(group, commit, directory);
  if (!committed.ok) return committed;
  return { ok: true, topics, groups: committed.records, reply: { places } };
}

/** All records of a topic in the order of the publishes, and for each of them which publish it is from. */
function byTopic(publishes: Transaction["publishes"]) {
  const found = new Map<number, { readonly records: OutgoingRecord[]; readonly publish: number[] }>();
  for (const [publish, { topic, records }] of publishes.entries()) {
    let parts = found.get(topic);
    if (parts === undefined) {
      parts = { records: [], publish: [] };
      found.set(topic, parts);
    }
    for (const record of records) {
      parts.records.push(record);
      parts.publish.push(publish);
    }
  }
  return found;
}
