/** The smallest sourced state: counters by name, with commands that show what a state can do. */
import { Type } from "typebox";
import type { Bus } from "../src/bus.ts";
import { type EventData, event } from "../src/event.ts";
import { input, type Rules } from "../src/rules.ts";
import { SourcedState, type SourcedStateOptions } from "../src/sourced-state.ts";

export const counted = event({
  type: "counter.record",
  topic: "counter.records",
  schema: Type.Object({ name: Type.String(), by: Type.Integer(), filler: Type.Optional(Type.String()) }),
  key: (record) => record.name,
});
export type Counted = EventData<typeof counted>;

/** What the world is told: the counter went up. */
export const wentUp = event({
  type: "counter.up",
  topic: "counter.up",
  schema: Type.Object({ name: Type.String(), by: Type.Integer() }),
  key: (up) => up.name,
});

/** Somebody else asks for a count; `by` of 0 asks for nothing. */
export const countAsked = event({
  type: "count.asked",
  topic: "count.asked",
  schema: Type.Object({ name: Type.String(), by: Type.Integer() }),
  key: (asked) => asked.name,
});

export interface Counters {
  readonly values: Map<string, number>;
  /** When each counter that ticks does so next. */
  readonly dueMs: Map<string, number>;
}

export type CounterCommand =
  | { readonly kind: "count"; readonly records: readonly Counted[] }
  | { readonly kind: "tick-at"; readonly name: string; readonly dueMs: number }
  | { readonly kind: "bug" }
  | { readonly kind: "deadline" };

/** `tick-at` is a record with a `filler`, the instant; the tick itself counts by one. */
export const counterRules: Rules<Counters, CounterCommand, Counted, number> = {
  initial: () => ({ values: new Map(), dueMs: new Map() }),
  decide(state, command, now) {
    if (command.kind === "bug") throw new RangeError("a bug of the rules");
    if (command.kind === "count") {
      const name = command.records[0]?.name ?? "";
      const sum = command.records.reduce((total, { by }) => total + by, state.values.get(name) ?? 0);
      return { records: command.records, reply: sum };
    }
    if (command.kind === "tick-at") {
      return { records: [{ name: command.name, by: 0, filler: String(command.dueMs) }], reply: 0 };
    }
    const due = [...state.dueMs].filter(([, dueMs]) => dueMs <= now.wallMs);
    return { records: due.map(([name]) => ({ name, by: 1 })), reply: due.length };
  },
  apply(state, { name, by, filler }) {
    if (by === 666) throw new RangeError("a bug while applying");
    state.values.set(name, (state.values.get(name) ?? 0) + by);
    state.dueMs.delete(name);
    if (by === 0 && filler !== undefined) state.dueMs.set(name, Number(filler));
  },
  nextDeadlineMs: (state) => (state.dueMs.size === 0 ? undefined : Math.min(...state.dueMs.values())),
  deadline: () => ({ kind: "deadline" }),
};

export type CounterState = SourcedState<Counters, CounterCommand, Counted, number>;

export const count = (name: string, by = 1): CounterCommand => ({ kind: "count", records: [{ name, by }] });

export const valueIn =
  (name: string) =>
  (state: Counters): number | undefined =>
    state.values.get(name);

/** Opens the counters over a bus, with inputs and a public event for each count. */
export function openCounters(
  bus: Bus,
  options?: Partial<SourcedStateOptions<Counters, CounterCommand, Counted, number>>,
): Promise<CounterState> {
  return SourcedState.open({
    bus,
    records: counted,
    group: "counters",
    rules: counterRules,
    project: ({ name, by }, publish) => publish(wentUp, { name, by }),
    inputs: [
      input(
        countAsked,
        ({ data }): CounterCommand => ({ kind: "count", records: data.by === 0 ? [] : [data] }),
      ),
    ],
    clock: bus.sender.clock,
    log: bus.log,
    ...options,
  });
}
