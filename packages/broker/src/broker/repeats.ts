/** Requests that a producer repeats because it never heard the answer: found before anything is decided, answered as the first time. */
import type { FirstAnswer, PlacedRun } from "../producer/records.ts";
import { type Refused, refuse } from "../queue/refusals.ts";
import type { RecordPlace } from "../topic/commands.ts";
import type { ProducerSequence, Refusal } from "./api.ts";
import type { Core } from "./core.ts";
import { nameLengthMax } from "./names.ts";
import type { Change } from "./state.ts";

/**
 * The first answer of a repeat; undefined for a new request; or why neither can be told. Must be asked in the same turn as the decision, so that
 * of two that arrive together only one is new. The first answer may still be on its way to the disk: commit nothing, and wait for that.
 */
export function repeated(
  core: Core,
  request: ProducerSequence | undefined,
): FirstAnswer | Refused<Refusal> | undefined {
  if (request === undefined) return undefined;
  const { producer, sequence } = request;
  if (
    producer.length === 0 ||
    producer.length > nameLengthMax ||
    !Number.isSafeInteger(sequence) ||
    sequence < 1
  ) {
    return refuse(
      "invalid-setting",
      `A producer has a name of 1 to ${nameLengthMax} characters and sequences from 1; this is '${producer.slice(0, 60)}' and ${sequence}.`,
    );
  }
  const found = core.state.producers.find(producer, sequence);
  if (found === undefined) return undefined;
  if (found === "forgotten") {
    return refuse("stale-sequence", `Sequence ${sequence} is too old to tell whether it was carried out.`);
  }
  return found;
}

/** The change that remembers an answer; none for a request without a producer. */
export function remembered(
  request: ProducerSequence | undefined,
  answer: FirstAnswer,
  durability: "synced" | "buffered" | "memory",
): Change[] {
  if (request === undefined) return [];
  return [{ what: "producer", owner: 0, record: { kind: "answered", ...request, answer }, durability }];
}

/** Places in the order of the records, as runs of consecutive offsets. */
export function runsOf(places: readonly RecordPlace[]): readonly PlacedRun[] {
  const runs: { partition: number; firstOffset: number; count: number }[] = [];
  for (const { partition, offset } of places) {
    const last = runs.at(-1);
    if (last !== undefined && last.partition === partition && last.firstOffset + last.count === offset)
      last.count++;
    else runs.push({ partition, firstOffset: offset, count: 1 });
  }
  return runs;
}

export const placesOf = (runs: readonly PlacedRun[] | undefined): readonly RecordPlace[] =>
  (runs ?? []).flatMap(({ partition, firstOffset, count }) =>
    Array.from({ length: count }, (_, i) => ({ partition, offset: firstOffset + i })),
  );
