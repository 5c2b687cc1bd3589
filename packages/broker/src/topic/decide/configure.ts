/** Configure: a topic is created, or works with other settings from now on. */
import type { Done } from "../../queue/commands.ts";
import { refuse } from "../../queue/refusals.ts";
import { partitionCountMax } from "../limits.ts";
import type { TopicJournalRecord } from "../records.ts";
import type { TopicSettings } from "../settings.ts";
import type { TopicState } from "../state.ts";
import type { TopicDecision } from "./decision.ts";

/** Refused as `invalid-setting`, also when the number of partitions or the kind of an existing topic would change. */
export function decideConfigureTopic(
  state: TopicState,
  settings: TopicSettings,
): TopicDecision<TopicJournalRecord, Done> {
  const { partitionCount, retention, retentionMs, retentionBytes } = settings;
  if (!Number.isInteger(partitionCount) || partitionCount < 1 || partitionCount > partitionCountMax) {
    return refuse(
      "invalid-setting",
      `partitionCount is ${partitionCount}; it may be a whole number from 1 to ${partitionCountMax}.`,
    );
  }
  for (const [name, value] of Object.entries({ retentionMs, retentionBytes })) {
    if (value > 0) continue;
    return refuse("invalid-setting", `${name} is ${value}; it may be any number above 0, or Infinity.`);
  }
  const existing = state.partitions.length;
  if (existing > 0 && existing !== partitionCount) {
    return refuse(
      "invalid-setting",
      `The topic has ${existing} partitions, not ${partitionCount}, and keeps them: the partition of a key depends on their number.`,
    );
  }
  if (existing > 0 && state.settings.retention !== retention) {
    return refuse("invalid-setting", `The topic is of the kind ${state.settings.retention} and stays it.`);
  }
  const record = { kind: "configured", settings } as const;
  return { ok: true, records: [{ owner: state.number, record }], reply: { done: true } };
}
