/** A damaged append costs what it said and no more: every message that it does not mention is as if nothing had been lost. */
import { deepEqual } from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  applyToQueue,
  decideAck,
  decideReceive,
  decideSend,
  decodeQueueRecord,
  noAttributes,
  type QueueRecord,
  QueueState,
  snapshotQueue,
} from "../../src/queue/index.ts";
import { anyQueueRecord } from "./any-record.ts";
import { auditQueue } from "./audit.ts";
import { Pair } from "./pair.ts";
import { QueueWorld, type WrittenPart } from "./queue-world.ts";
import { dead, grave, jobs, lives } from "./random-commands.ts";

/** What a lost append may cost, as `queue/sequence`: what it speaks of, and of a purge everything. */
function mentioned(append: readonly WrittenPart[], world: QueueWorld): ReadonlySet<string> {
  const names = new Set<string>();
  for (const { owner, type, head, bodies } of append) {
    const decoded = decodeQueueRecord(type, head, bodies);
    if (!decoded.ok) continue;
    const { record } = decoded;
    if ("sequences" in record) for (const sequence of record.sequences) names.add(`${owner}/${sequence}`);
    if ("firstSequence" in record) {
      for (const [i] of record.messages.entries()) names.add(`${owner}/${record.firstSequence + i}`);
    }
    if (record.kind === "retried")
      for (const { sequence } of record.entries) names.add(`${owner}/${sequence}`);
    if (record.kind === "restored-messages") {
      for (const { sequence } of record.messages) names.add(`${owner}/${sequence}`);
    }
    if (record.kind === "purged") {
      for (let sequence = 1; sequence < world.the(owner).nextSequence; sequence++)
        names.add(`${owner}/${sequence}`);
    }
  }
  return names;
}

/**
 * Where the other messages are. Those of groups may have another turn: a lost message of theirs blocks them no longer, or one that is still there
 * does. When a message that was moved expires is for the settings to say, which may be what was lost.
 */
function messagesBeside(names: ReadonlySet<string>, world: QueueWorld): unknown {
  return [jobs, dead, grave].map((number) => {
    const beside = world
      .look(number, { isDamaged: true })
      .messages.filter(({ sequence }) => !names.has(`${number}/${sequence}`));
    return beside.map(({ phase, dueInMs, expiresInMs, timeToLiveMs, ...message }) => ({
      ...message,
      ...(message.groupId === undefined && { phase, dueInMs }),
      ...(message.provenance === undefined && { expiresInMs, timeToLiveMs }),
    }));
  });
}

test("a lost append costs the messages that it mentions", () => {
  const property = fc.property(lives, fc.nat(), ({ commands, ...fixed }, which) => {
    const pair = new Pair(fixed);
    for (const command of commands) pair.run(command);
    const { journal } = pair.world;
    const lost = which % journal.length;
    const names = mentioned(journal[lost] ?? [], pair.world);
    const damaged = pair.world.restarted(journal.toSpliced(lost, 1));
    deepEqual(messagesBeside(names, damaged), messagesBeside(names, pair.world.restarted()));
  });
  fc.assert(property, { numRuns: Number(process.env.RUNS ?? 300) });
});

test("messages that are sent a second time by a journal are not there twice, and do not rise again when they were acked", () => {
  const world = new QueueWorld();
  world.create(1);
  const body = Uint8Array.of(1);
  const messages = [1, 2].map(() => ({ body, attributes: noAttributes }));
  world.submit(decideSend(world.the(1), { messages }, world.now));
  world.submit(decideReceive(world.the(1), { max: 1 }, world.now, world));
  world.submit(decideAck(world.the(1), { receipt: { sequence: 1, lease: 1 } }, world.now));
  const again = world.restarted([...world.journal, ...world.journal.slice(1, 2)]);
  deepEqual(again.dump(), world.dump());
  deepEqual(again.the(1).orphanRecords, 1);
});

test("a checkpoint that is read twice changes nothing the second time", () => {
  const world = new QueueWorld();
  world.create(1);
  const messages = [{ body: Uint8Array.of(1), attributes: noAttributes }];
  world.submit(decideSend(world.the(1), { messages }, world.now));
  const { journal } = world.checkpointed();
  const again = world.restarted([...journal, ...journal]);
  deepEqual(again.dump(), world.dump());
  deepEqual(again.the(1).orphanRecords, 1);
});

/** The same record about messages that may be there: sequences from 1 to 20 in place of those that it has. */
function near(record: QueueRecord): QueueRecord {
  const close = (sequence: number): number => (sequence % 20) + 1;
  switch (record.kind) {
    case "retried":
      return { ...record, entries: record.entries.map((one) => ({ ...one, sequence: close(one.sequence) })) };
    case "relocated":
      return {
        ...record,
        messages: record.messages.map((one) => ({ ...one, sequence: close(one.sequence) })),
      };
    case "restored-messages":
      return {
        ...record,
        messages: record.messages.map((one) => ({ ...one, sequence: close(one.sequence) })),
      };
    case "sent":
    case "moved-in":
      return { ...record, firstSequence: close(record.firstSequence) } as QueueRecord;
    case "restored-queue":
      return { ...record, nextSequence: close(record.nextSequence) };
    default:
      return "sequences" in record ? { ...record, sequences: record.sequences.map(close) } : record;
  }
}

test("whatever records a journal holds, applying them ends in a state whose parts agree, and that can be written down", () => {
  const property = fc.property(fc.array(anyQueueRecord, { maxLength: 40, size: "max" }), (records) => {
    const state = new QueueState(jobs);
    const now = { wallMs: 1_000_000, monotonicMs: 500 };
    for (const record of records) applyToQueue(state, near(record), now, []);
    const look = (one: QueueState) => auditQueue(one, now, () => undefined, { isDamaged: true });
    const { messages } = look(state);
    const again = new QueueState(jobs);
    for (const record of snapshotQueue(state, now)) applyToQueue(again, record, now, []);
    deepEqual(
      look(again).messages.map(({ sequence }) => sequence),
      messages.map(({ sequence }) => sequence),
    );
  });
  fc.assert(property, { numRuns: Number(process.env.RUNS ?? 300) });
});
