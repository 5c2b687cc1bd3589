/** What a program gives to a sourced state: pure rules, what the world is told, and which events are commands. */
import type { Now } from "@sluice/runtime";
import type { EngineRecord } from "./engine.ts";
import { type BusEvent, unseal } from "./envelope.ts";
import type { EventType } from "./event.ts";

/** Facts and an answer. */
export interface Decision<Rec, Reply> {
  /** In order; all of them go into one transaction. None: nothing is written, and the reply says so. */
  readonly records: readonly Rec[];
  readonly reply: Reply;
}

/** Pure: no clock, no randomness, no effects. Ids and the like come with the command. */
export interface Rules<State, Command, Rec, Reply> {
  /** The state of a partition without records. */
  initial(partition: number): State;
  /** Looks at the state and changes nothing. May throw only for a bug; then nothing has happened. */
  decide(state: State, command: Command, now: Now): Decision<Rec, Reply>;
  /** The only way a state changes, live and when it is folded. Sees only what survives JSON. */
  apply(state: State, record: Rec): void;
  /** The earliest instant, in wall-clock milliseconds, at which `deadline` is due. Asked often: answer it in O(1) or so. */
  nextDeadlineMs?(state: State): number | undefined;
  /** The command that is submitted when a deadline is due. */
  readonly deadline?: () => Command;
}

/** Publishes an event in the transaction of the record that is being projected. */
export type ProjectPublish = <Data>(type: EventType<Data>, data: Data) => void;

/** An event that is a command, by topic. Made by {@link input}. */
export interface Input<Command> {
  readonly type: string;
  readonly topic: string;
  /** Throws `invalid-event` when the data does not fit. */
  command(record: EngineRecord): { readonly command: Command; readonly traceparent: string | undefined };
}

/**
 * Makes each event of a type a command. Its topic has as many partitions as the records, and its key decides the partition, so that
 * it meets the state that it is about.
 */
export function input<Data, Command>(
  type: EventType<Data>,
  toCommand: (event: BusEvent<Data>) => Command,
): Input<Command> {
  return {
    type: type.type,
    topic: type.topic,
    command(record) {
      const event = unseal(type, record, 1);
      return { command: toCommand(event), traceparent: event.traceparent };
    },
  };
}
