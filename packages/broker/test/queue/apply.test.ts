/** Applying after damage: what is still true is done, what no longer makes sense is passed over and counted. */
import { deepEqual, equal } from "node:assert/strict";
import { suite, test } from "node:test";
import {
  applyToQueue,
  bodyPositionOf,
  decideRelocate,
  noAttributes,
  type QueueRecord,
  QueueState,
  queueCounts,
  takeDeadBodies,
} from "../../src/queue/index.ts";

const now = { wallMs: 1_000_000, monotonicMs: 500 };

const sent: QueueRecord = {
  kind: "sent",
  firstSequence: 1,
  enqueuedAtMs: 0,
  messages: [{ body: Uint8Array.of(1), attributes: noAttributes }],
};
const delivered: QueueRecord = {
  kind: "delivered",
  firstLease: 1,
  sequences: [1],
  deadlineWallMs: now.wallMs + 10,
  timeoutMs: 10,
};
const acked: QueueRecord = { kind: "acked", sequences: [1] };
const returned: QueueRecord = {
  kind: "returned",
  sequences: [1],
  counts: true,
  readyAtWallMs: now.wallMs,
  delayMs: 0,
};
const delayed: QueueRecord = { ...returned, readyAtWallMs: now.wallMs + 10, delayMs: 10 };
const extended: QueueRecord = {
  kind: "extended",
  sequences: [1],
  deadlineWallMs: now.wallMs + 99,
  timeoutMs: 99,
};
const readied: QueueRecord = { kind: "readied", sequences: [1] };
const movedOut: QueueRecord = { kind: "moved-out", sequences: [1], to: 2, reason: "max-receives" };

/** What is left when a journal holds these records of one message, and no others. */
const cases: readonly (readonly [
  string,
  readonly QueueRecord[],
  "ready" | "delayed" | "inFlight" | "gone",
  number,
])[] = [
  ["an ack whose delivery was lost deletes the message", [sent, acked], "gone", 0],
  ["an ack whose message was lost", [delivered, acked], "gone", 2],
  ["a second delivery, when what came between was lost", [sent, delivered, delivered], "inFlight", 0],
  [
    "a delivery of a delayed message, when the end of the delay was lost",
    [sent, delivered, delayed, delivered],
    "inFlight",
    0,
  ],
  ["a return whose delivery was lost", [sent, returned], "ready", 1],
  ["an extension whose delivery was lost", [sent, extended], "ready", 1],
  ["an extension of a delayed message", [sent, delivered, delayed, extended], "delayed", 1],
  ["the end of a delay that nobody heard of", [sent, delivered, readied], "inFlight", 1],
  ["a move of a message that is ready", [sent, movedOut], "gone", 0],
  ["a move of a message that is not there", [movedOut], "gone", 1],
];

suite("apply after damage", () => {
  for (const [name, records, expected, orphanRecords] of cases) {
    test(name, () => {
      const state = new QueueState(1);
      for (const record of records) applyToQueue(state, record, now, []);
      const { ready, delayed, inFlight } = queueCounts(state);
      const counts = { ready: 0, delayed: 0, inFlight: 0, ...(expected !== "gone" && { [expected]: 1 }) };
      deepEqual({ ready, delayed, inFlight }, counts);
      equal(state.orphanRecords, orphanRecords);
    });
  }

  test("a body that was moved keeps its place, also when the record of the move was not written", () => {
    const state = new QueueState(2);
    const message = {
      originQueue: 1,
      originSequence: 1,
      originEnqueuedAtMs: 0,
      receiveCount: 1,
      lastError: "",
      priority: 0,
      groupId: undefined,
      attributes: noAttributes,
      body: { byteLength: 3 },
      bodyPosition: 77,
    };
    const movedIn = {
      kind: "moved-in",
      from: 1,
      reason: "max-receives",
      movedAtMs: 0,
      firstSequence: 1,
    } as const;
    applyToQueue(state, { ...movedIn, messages: [message] }, now, []);
    equal(state.messages.bodyPosition[0], 77);
  });

  test("a body that was relocated lies where it was written last; of a message that is gone the new place dies", () => {
    const state = new QueueState(1);
    const body = Uint8Array.of(1);
    applyToQueue(state, sent, now, [10]);
    const relocated: QueueRecord = {
      kind: "relocated",
      messages: [
        { sequence: 1, body },
        { sequence: 7, body },
      ],
    };
    applyToQueue(state, relocated, now, [5, 20, 30], 1);
    equal(bodyPositionOf(state, 1), 20);
    deepEqual(takeDeadBodies(state), [10, 30]);
    equal(state.orphanRecords, 0, "nothing is lost by it");
    applyToQueue(state, relocated, now, [0, 0]);
    equal(bodyPositionOf(state, 1), 20, "what was not written lies where it lay");
    deepEqual(takeDeadBodies(state), []);
  });

  test("only what is still wanted from where it was found is relocated", () => {
    const state = new QueueState(1);
    const body = Uint8Array.of(1);
    const messages = [1, 2, 3].map(() => ({ body, attributes: noAttributes }));
    applyToQueue(state, { kind: "sent", firstSequence: 1, enqueuedAtMs: 0, messages }, now, [10, 20, 30]);
    applyToQueue(state, acked, now, []);
    applyToQueue(state, { kind: "relocated", messages: [{ sequence: 2, body }] }, now, [40]);
    const found = [10, 20, 30].map((position, i) => ({ sequence: i + 1, position, body }));
    deepEqual(decideRelocate(state, found), {
      ok: true,
      records: [{ owner: 1, record: { kind: "relocated", messages: [{ sequence: 3, body }] } }],
      reply: { bodyBytes: 1 },
    });
    deepEqual(decideRelocate(state, found.slice(0, 2)).records, []);
  });

  test("bodies take their positions from the place in the list that they are said to begin at", () => {
    const state = new QueueState(1);
    const body = Uint8Array.of(1);
    const messages = [
      { body, attributes: noAttributes },
      { body, attributes: noAttributes },
    ];
    applyToQueue(
      state,
      { kind: "sent", firstSequence: 1, enqueuedAtMs: 0, messages },
      now,
      [10, 20, 30, 40],
      2,
    );
    deepEqual([...state.messages.bodyPosition.subarray(0, 2)], [30, 40]);
  });
});
