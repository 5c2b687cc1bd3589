/** Turns the events of the input topics of one owned partition into commands, each exactly once: its offset goes with its records. */
import { type Log, waitFor } from "@sluice/runtime";
import type { Bus } from "./bus.ts";
import { type DeadLetterReason, deadLetterOf } from "./dead-letter.ts";
import type { EngineRecord } from "./engine.ts";
import { typeOf } from "./envelope.ts";
import { hasCode, RecordsGone } from "./faults.ts";
import type { OwnedPartition } from "./owned-partition.ts";
import { enginePatience, retryDelayMs } from "./retry.ts";
import type { Input } from "./rules.ts";
import { deadLetterTopicOf } from "./topics.ts";

export interface PartitionInputsOptions<State, Command, Rec, Reply> {
  readonly bus: Bus;
  readonly group: string;
  readonly log: Log;
  readonly inputs: readonly Input<Command>[];
  readonly onAnswered: ((command: Command, reply: Reply) => void) | undefined;
  readonly owned: OwnedPartition<State, Command, Rec, Reply>;
}

/** Follows every input topic until the partition is owned no longer. Never rejects. */
export async function followInputs<State, Command, Rec, Reply>(
  options: PartitionInputsOptions<State, Command, Rec, Reply>,
): Promise<void> {
  const topics = new Set(options.inputs.map(({ topic }) => topic));
  await Promise.all(Array.from(topics, (topic) => follow(options, topic)));
}

async function follow<State, Command, Rec, Reply>(
  options: PartitionInputsOptions<State, Command, Rec, Reply>,
  topic: string,
): Promise<void> {
  const { bus, group, log, owned } = options;
  const { signal, partition } = owned;
  let offset: number | undefined;
  for (let failures = 0; !signal.aborted; ) {
    try {
      offset ??= await bus.engine.committedOffset(group, topic, partition);
      for await (const batch of bus.engine.read(topic, partition, offset ?? 0, signal)) {
        if (signal.aborted) return;
        // One batch of the engine is under way at a time: that bounds what a slow append can pile up.
        const taken = batch.map((record) => take(options, record));
        offset = (batch.at(-1)?.offset ?? (offset ?? 0) - 1) + 1;
        failures = 0;
        // Those that were taken are in the state: to read them again would apply them twice, to go on would skip those that failed.
        await Promise.all(taken).catch((error: unknown) => owned.fail(error));
      }
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof RecordsGone) {
        offset = bus.goneRecords.passOver({ group, topic, partition, offset }, error);
        continue;
      }
      log.warn({ group, topic, partition, err: error }, "cannot read the input events; trying again");
      const delayMs = retryDelayMs(enginePatience, ++failures, bus.sender.random);
      await waitFor(bus.sender.clock, delayMs, signal).catch(() => {});
    }
  }
}

/** Everything up to the open batch happens before this returns, so that the events of a partition are applied in their order. */
async function take<State, Command, Rec, Reply>(
  options: PartitionInputsOptions<State, Command, Rec, Reply>,
  record: EngineRecord,
): Promise<void> {
  const { inputs, owned } = options;
  const { topic, partition, offset } = record;
  const commit = { topic, partition, offset: offset + 1 };
  const type = typeOf(record);
  const input = inputs.find((one) => one.topic === topic && (type === undefined || type === one.type));
  if (input === undefined) {
    return bury(options, record, "unknown-type", "this state has no input for this type");
  }
  let made: ReturnType<Input<Command>["command"]>;
  try {
    made = input.command(record);
  } catch (error) {
    return bury(options, record, "invalid-event", error);
  }
  let reply: Reply;
  try {
    reply = await owned.consume(made.command, made.traceparent, commit);
  } catch (error) {
    if (hasCode(error, "state-unavailable")) throw error;
    // The rules are pure: what they could not decide now, they never will.
    return bury(options, record, "handler-failed", error);
  }
  try {
    options.onAnswered?.(made.command, reply);
  } catch (error) {
    options.log.error({ topic, partition, offset, err: error }, "the listener to the input's answer failed");
  }
}

async function bury<State, Command, Rec, Reply>(
  { bus, group, log, owned }: PartitionInputsOptions<State, Command, Rec, Reply>,
  record: EngineRecord,
  reason: DeadLetterReason,
  error: unknown,
): Promise<void> {
  const { topic, partition, offset } = record;
  log.error({ group, topic, partition, offset, reason, err: error }, "an input event becomes a dead letter");
  const attempts = reason === "handler-failed" ? 1 : 0;
  const cause = { reason, error, group, attempts, timeMs: bus.sender.clock.now().wallMs };
  await owned.bury(deadLetterOf(record, deadLetterTopicOf(topic), cause), {
    topic,
    partition,
    offset: offset + 1,
  });
}
