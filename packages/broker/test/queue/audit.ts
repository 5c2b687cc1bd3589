/** Looks into a queue with other eyes than the rules do: recounts everything, checks that its parts agree, and dumps it. */
import { deepEqual, equal, ok } from "node:assert/strict";
import { aloneBytesMin, bodyHeaderBytes, slackBytes } from "../../src/queue/body-arena.ts";
import { browse, queueCounts } from "../../src/queue/index.ts";
import { LaneWalk } from "../../src/queue/lane.ts";
import type { Now } from "../../src/queue/now.ts";
import { ReadyWalk } from "../../src/queue/ready-walk.ts";
import type { SlotList } from "../../src/queue/slot-list.ts";
import { Phase } from "../../src/queue/slots.ts";
import type { QueueState } from "../../src/queue/state.ts";

const phaseNames = {
  [Phase.delayed]: "delayed",
  [Phase.fresh]: "ready",
  [Phase.returned]: "ready",
  [Phase.inFlight]: "in-flight",
  [Phase.behind]: "behind",
  [Phase.parked]: "parked",
} as const;

export interface AuditOptions {
  /** False when the wall clock jumped: the fold of the journal has other remaining times. Default true. */
  readonly timesToo?: boolean;
  /** True after records were lost: messages of a group may then be under way beside each other. Default false. */
  readonly isDamaged?: boolean;
}

/** The queue as plain data in the order of the sequences. Times that are due show as 0: how long they have been does not matter. */
export function auditQueue(
  state: QueueState,
  now: Now,
  readBody: (position: number) => Uint8Array | undefined,
  { timesToo = true, isDamaged = false }: AuditOptions,
) {
  const { messages } = state;
  const sequenceOf = (slot: number): number => messages.sequence[slot] as number;
  const slots = [...messages].sort((a, b) => sequenceOf(a) - sequenceOf(b));
  const leftMs = (atMs: number): number | undefined =>
    timesToo ? Math.max(0, atMs - now.monotonicMs) : undefined;
  const dumped = slots.map((slot) => {
    const phase = phaseNames[messages.phase[slot] as keyof typeof phaseNames];
    ok(phase, "every message is in a phase of its life");
    equal(state.index.find(sequenceOf(slot)), slot, "the index finds the message");
    const rare = messages.rare.get(slot);
    const waits = phase === "delayed" || phase === "in-flight";
    const readyAtMs = phase === "behind" ? (rare?.readyAtMs ?? 0) : 0;
    const expiresAtMs = rare?.expiresAtMs ?? Number.POSITIVE_INFINITY;
    return {
      sequence: sequenceOf(slot),
      phase,
      dueInMs: waits ? leftMs(state.deadlines.keyOf(slot)) : readyAtMs > 0 ? leftMs(readyAtMs) : undefined,
      expiresInMs: expiresAtMs < Number.POSITIVE_INFINITY ? leftMs(expiresAtMs) : undefined,
      receiveCount: messages.receiveCount[slot] as number,
      lease: messages.lease[slot] ?? 0,
      enqueuedAtMs: messages.enqueuedAtMs[slot] as number,
      availableAtWallMs: rare?.availableAtWallMs ?? 0,
      timeToLiveMs: rare?.timeToLiveMs ?? Number.POSITIVE_INFINITY,
      priority: messages.priority[slot] as number,
      groupId: state.groups.of(slot)?.id,
      lastError: rare?.lastError ?? "",
      parked: phase === "parked" ? { reason: rare?.parkedReason, atWallMs: rare?.parkedAtWallMs } : undefined,
      attributes: [...(messages.attributes[slot] ?? [])],
      body: messages.bodies.view(slot) ?? readBody(messages.bodyPosition[slot] as number),
      provenance: messages.provenance.get(slot),
    };
  });
  const inPhase = (phase: string) => dumped.filter((message) => message.phase === phase);
  const counts = queueCounts(state);
  deepEqual(counts, {
    ready: inPhase("ready").length + inPhase("behind").length,
    delayed: inPhase("delayed").length,
    inFlight: inPhase("in-flight").length,
    parked: inPhase("parked").length,
    bodyBytes: slots.reduce((sum, slot) => sum + (messages.bodyBytes[slot] as number), 0),
  });
  equal(readyInOrder(state, now).length, inPhase("ready").length, "the line holds what is ready");
  checkBodies(state, slots);
  equal(messages.used, dumped.length);
  checkExpiries(state, slots);
  deepEqual(
    browse(state, { afterSequence: 0, max: slots.length, what: "all" }).map(({ sequence, phase }) => [
      sequence,
      phase,
    ]),
    dumped.map(({ sequence, phase }) => [sequence, phase === "behind" ? "blocked" : phase]),
    "browsing shows every message as it is",
  );
  const { settings, nextSequence, nextLease, paused } = state;
  return {
    number: state.number,
    settings,
    nextSequence,
    nextLease,
    paused,
    counts,
    messages: dumped,
    lanes: lanesInOrder(state),
    parked: inList(state, state.parked),
    groups: isDamaged ? [] : groupsOf(state),
    deduplication: rememberedIds(state, now, timesToo),
    redrives: state.redrives.tasks,
    nextTask: state.redrives.nextTask,
  };
}

/** What is in memory is counted, and no more than twice of it is held. */
function checkBodies({ messages }: QueueState, slots: readonly number[]): void {
  const { bodies, bodyBytes } = messages;
  let liveBytes = 0;
  for (const slot of slots) {
    if (bodies.view(slot) === undefined) continue;
    const bytes = bodyBytes[slot] as number;
    liveBytes += bytes < aloneBytesMin ? bodyHeaderBytes + bytes : bytes;
  }
  equal(bodies.liveBytes, liveBytes);
  ok(bodies.heldBytes >= liveBytes && bodies.heldBytes <= 2 * liveBytes + slackBytes);
}

/** Sequences of the ready messages in the order in which they will be received. */
export function readyInOrder(state: QueueState, now: Now): number[] {
  const ready = new ReadyWalk(state, now);
  const sequences: number[] = [];
  for (let slot = ready.next(); slot >= 0; slot = ready.next()) {
    sequences.push(state.messages.sequence[slot] as number);
  }
  return sequences;
}

/** Sequences of one priority in the order of the line, for lanes that have messages. */
function lanesInOrder({ lanes, messages }: QueueState) {
  return lanes.flatMap((lane, priority) => {
    if (lane === undefined || lane.size === 0) return [];
    const sequences: number[] = [];
    const walk = new LaneWalk(lane, messages);
    for (let slot = walk.slot; slot >= 0; slot = walk.slot) {
      equal(messages.priority[slot], priority, "a message is in the lane of its priority");
      equal(walk.next(), slot, "what is shown first comes next");
      sequences.push(messages.sequence[slot] as number);
    }
    equal(sequences.length, lane.size);
    equal(sequences[0], messages.sequence[lane.head(messages)], "the head of the lane is its first");
    return [{ priority, sequences }];
  });
}

function inList({ messages }: QueueState, list: SlotList): readonly number[] {
  const sequences: number[] = [];
  for (let slot = list.head; slot >= 0; slot = list.after(slot)) {
    sequences.push(messages.sequence[slot] as number);
  }
  equal(sequences.length, list.size, "a list is as long as it says");
  return sequences;
}

/** Groups that somebody waits in. Each message of one is its current one, stands behind that, or was parked and is waited for no longer. */
function groupsOf(state: QueueState) {
  const { groups, messages } = state;
  const found = [...groups].filter(({ current, behind }) => current >= 0 || behind.size > 0);
  for (const { id, current } of found) {
    ok(current >= 0, `group ${id} has a current message`);
    equal(groups.of(current)?.id, id);
    ok(messages.phase[current] !== Phase.behind, "the current message stands behind nobody");
  }
  for (const slot of messages) {
    const group = groups.of(slot);
    if (group === undefined || group.current === slot) continue;
    const phase = messages.phase[slot];
    ok(phase === Phase.behind || phase === Phase.parked, "a message beside the current one is not delivered");
  }
  deepEqual(
    [...groups.blocked].map(({ id }) => id).sort(),
    found.flatMap(({ id, current }) => (messages.phase[current] === Phase.parked ? [id] : [])).sort(),
    "a group is blocked when its current message is parked",
  );
  const told = found.map(({ id, current, behind }) => ({
    id,
    current: messages.sequence[current] as number,
    behind: inList(state, behind),
  }));
  equal(
    told.reduce((sum, { behind }) => sum + behind.length, 0),
    groups.behindCount,
  );
  return told.sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** Every message that waits and has an end is in the heap of ends, and no other is. */
function checkExpiries(state: QueueState, slots: readonly number[]): void {
  const { messages } = state;
  const walk = state.expiries.walk();
  const inHeap: number[] = [];
  for (let slot = walk.next(); slot >= 0; slot = walk.next()) inHeap.push(slot);
  const waiting = slots.filter((slot) => {
    const phase = messages.phase[slot];
    const hasEnd =
      (messages.rare.get(slot)?.expiresAtMs ?? Number.POSITIVE_INFINITY) < Number.POSITIVE_INFINITY;
    return hasEnd && phase !== Phase.inFlight && phase !== Phase.parked;
  });
  deepEqual(inHeap.sort(), waiting.sort(), "what waits and has an end");
}

/** Ids that would be found. */
function rememberedIds(state: QueueState, { monotonicMs }: Now, timesToo: boolean) {
  const sinceMs = monotonicMs - state.settings.deduplicationWindowMs;
  return [...state.deduplication.entries()]
    .filter(([, { atMs }]) => atMs > sinceMs)
    .map(([id, { sequence, atMs }]) => ({ id, sequence, ageMs: timesToo ? monotonicMs - atMs : undefined }));
}
