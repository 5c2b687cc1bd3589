/** The orders of the model: in which messages are received (Q7), and in which they make room (Q17). */
import type { Now } from "../../src/queue/index.ts";
import type { ModelQueue } from "./model.ts";
import type { ModelMessage, ModelSend } from "./model-message.ts";

/** The ready messages in the order in which they are received. */
export function lineOf(queue: ModelQueue, { wallMs }: Now): readonly ModelMessage[] {
  const lanes = Array.from({ length: 10 }, (_, i) => laneOf(queue, 9 - i));
  const line: ModelMessage[] = [];
  for (;;) {
    const heads = lanes.flatMap(([head]) => head ?? []);
    const aged = heads.filter((head) => head.availableAtMs <= wallMs - queue.settings.priorityAgingMs);
    aged.sort((a, b) => a.availableAtMs - b.availableAtMs);
    const next = aged[0] ?? heads[0];
    if (next === undefined) return line;
    line.push(next);
    lanes[9 - next.priority]?.shift();
  }
}

function laneOf({ messages }: ModelQueue, priority: number): ModelMessage[] {
  const lane = messages.filter((one) => one.phase === "ready" && one.priority === priority);
  return lane.sort(({ place: [a, turnA] }, { place: [b, turnB] }) => a - b || turnA - turnB);
}

type Bodies = readonly { readonly body: Uint8Array }[];

/** What has to go so that these can come, beside what leaves anyway; undefined when they cannot. */
export function roomFor(
  queue: ModelQueue,
  sends: readonly ModelSend[],
  leaving: readonly ModelMessage[],
): readonly ModelMessage[] | undefined {
  const { messageCountMax, bodyBytesMax, overflow } = queue.settings;
  const fits = (some: Bodies) =>
    some.length <= messageCountMax && some.reduce((sum, { body }) => sum + body.length, 0) <= bodyBytesMax;
  const stays = queue.messages.filter((message) => !leaving.includes(message));
  if (fits([...stays, ...sends])) return [];
  if (overflow === "refuse" || !fits(sends)) return undefined;
  const doomed: ModelMessage[] = [];
  for (const oldest of oldestFirst(queue)) {
    doomed.push(oldest);
    if (fits([...stays.filter((message) => !doomed.includes(message)), ...sends])) return doomed;
  }
  return undefined;
}

/** In the line, the least urgent lane first; then behind others of their groups, always the oldest of those that are next there. */
function oldestFirst(queue: ModelQueue): readonly ModelMessage[] {
  const order = Array.from({ length: 10 }, (_, priority) => laneOf(queue, priority)).flat();
  const behind = [...queue.groups.values()].map((group) => group.slice(1));
  for (;;) {
    const next = behind.filter(({ length }) => length > 0);
    next.sort(([a], [b]) => (a?.sequence ?? 0) - (b?.sequence ?? 0));
    const oldest = next[0]?.shift();
    if (oldest === undefined) return order;
    order.push(oldest);
  }
}
