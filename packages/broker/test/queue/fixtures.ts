/**
 * One record of every kind with its type number and the bytes of its head, as they are written. They stay: a difference means that journals
 * can no longer be read. A new layout adds a new type number and a new fixture, and the old one moves to first-fixtures.ts.
 */
import { noAttributes, type QueueRecord, type QueueSettings } from "../../src/queue/index.ts";
import type { RestoredMessage } from "../../src/queue/records.ts";

export interface Fixture {
  readonly record: QueueRecord;
  readonly type: number;
  readonly hex: string;
}

const settings: QueueSettings = {
  visibilityTimeoutMs: 30000,
  delayMs: 250,
  timeToLiveMs: Number.POSITIVE_INFINITY,
  onExpiry: "dead-letter",
  retry: { minDelayMs: 100, maxDelayMs: 60000, factor: 1.5, jitter: 0.5 },
  deadLetter: { queue: 2, receiveCountMax: 5 },
  parkAfterReceives: 100,
  priorityAgingMs: 60000,
  deduplication: "by-content",
  deduplicationWindowMs: 300000,
  inFlightMax: 10,
  startsPerSecondMax: 0.5,
  messageCountMax: 1000,
  bodyBytesMax: 2 ** 53 - 1,
  overflow: "drop-oldest",
  durability: "buffered",
};

const restored: RestoredMessage = {
  sequence: 9,
  phase: "ready",
  dueWallMs: 0,
  remainingMs: 0,
  receiveCount: 0,
  lease: 0,
  enqueuedAtMs: 1767225600000,
  attributes: noAttributes,
  body: { byteLength: 3 },
  bodyPosition: 5,
  provenance: undefined,
};

export const fixtures: readonly Fixture[] = [
  {
    record: {
      kind: "sent",
      firstSequence: 300,
      enqueuedAtMs: 1767225600000,
      messages: [
        { attributes: noAttributes, body: Uint8Array.of(1, 2) },
        {
          attributes: new Map([
            ["kind", { type: "string", value: "é" }],
            ["raw", { type: "binary", value: Uint8Array.of(255) }],
          ]),
          body: new Uint8Array(0),
        },
      ],
    },
    type: 2,
    hex: "ac02000080aa6db779420202000002046b696e6406737472696e670002c3a9037261770662696e6172790101ff",
  },
  {
    record: {
      kind: "delivered",
      firstLease: 7,
      deadlineWallMs: 1767225630000,
      timeoutMs: 30000,
      sequences: [5, 6, 7, 300, 2],
    },
    type: 3,
    hex: "070000d3b16db7794200000000004cdd40030a02c80400d50400",
  },
  { record: { kind: "acked", sequences: [1, 2, 3, 4] }, type: 4, hex: "010203" },
  {
    record: { kind: "returned", counts: true, readyAtWallMs: 1767225600500, delayMs: 500, sequences: [9] },
    type: 5,
    hex: "0100409faa6db779420000000000407f40011200",
  },
  {
    record: { kind: "extended", deadlineWallMs: 1767225600500, timeoutMs: 500, sequences: [9] },
    type: 6,
    hex: "00409faa6db779420000000000407f40011200",
  },
  { record: { kind: "readied", sequences: [9, 11] }, type: 7, hex: "0212000200" },
  {
    record: { kind: "moved-out", to: 2, reason: "max-receives", sequences: [4] },
    type: 8,
    hex: "0200010800",
  },
  {
    record: {
      kind: "relocated",
      messages: [
        { sequence: 300, body: Uint8Array.of(1, 2, 3) },
        { sequence: 7, body: new Uint8Array(0) },
      ],
    },
    type: 12,
    hex: "02ac02030700",
  },
  {
    record: { kind: "configured", settings },
    type: 13,
    hex: "00000000004cdd40010205e807ffffffffffffff0f010000000000406f40000000000000f07f01000000000000594000000000004ced40000000000000f83f000000000000e03f000000000000594000000000004ced400100000000804f12410000000000002440000000000000e03f01",
  },
  {
    record: {
      kind: "sent",
      firstSequence: 300,
      enqueuedAtMs: 1767225600000,
      messages: [
        { attributes: noAttributes, body: Uint8Array.of(1) },
        {
          attributes: noAttributes,
          body: Uint8Array.of(2, 3),
          options: {
            delayMs: 250,
            timeToLiveMs: 60000,
            priority: 9,
            groupId: "née",
            deduplicationId: "order 7",
          },
        },
        {
          attributes: noAttributes,
          body: Uint8Array.of(4),
          options: {
            delayMs: 0,
            timeToLiveMs: Number.POSITIVE_INFINITY,
            priority: 0,
            groupId: "g",
            deduplicationId: undefined,
          },
        },
      ],
    },
    type: 14,
    hex: "ac02000080aa6db77942030001001f0000000000406f4000000000004ced4009046ec3a965076f72646572203702000801670100",
  },
  {
    record: {
      kind: "retried",
      atWallMs: 1767225600500,
      entries: [
        { sequence: 300, delayMs: 0 },
        { sequence: 7, delayMs: 250.5 },
      ],
      lastError: "no printer",
    },
    type: 15,
    hex: "00409faa6db779420a6e6f207072696e74657202ac020000000000000000070000000000506f40",
  },
  {
    record: { kind: "rescheduled", sequences: [9], readyAtWallMs: 1767225600500, delayMs: 500 },
    type: 16,
    hex: "00409faa6db779420000000000407f40011200",
  },
  {
    record: { kind: "parked", sequences: [4], reason: "expired", atWallMs: 1767225600500, lastError: "late" },
    type: 17,
    hex: "0100409faa6db77942046c617465010800",
  },
  { record: { kind: "unparked", sequences: [4] }, type: 18, hex: "010800" },
  { record: { kind: "dropped", sequences: [4, 6], reason: "cancelled" }, type: 19, hex: "020208000200" },
  { record: { kind: "purged" }, type: 20, hex: "" },
  { record: { kind: "paused", paused: true }, type: 21, hex: "01" },
  { record: { kind: "forgotten", throughSequence: 300 }, type: 22, hex: "ac02" },
  {
    record: {
      kind: "redrive-started",
      task: {
        task: 3,
        to: 2,
        perSecondMax: 10,
        beforeSequence: 300,
        total: 7,
        moved: 0,
        startedAtWallMs: 1767225600000,
        endedAtWallMs: 0,
        status: "running",
      },
    },
    type: 23,
    hex: "0301020000000000002440ac020700000080aa6db77942000000000000000000",
  },
  {
    record: { kind: "redrive-advanced", moved: 1, atWallMs: 1767225600500, delayMs: 100 },
    type: 24,
    hex: "0100409faa6db779420000000000005940",
  },
  {
    record: { kind: "redrive-ended", status: "cancelled", atWallMs: 1767225600500 },
    type: 25,
    hex: "0200409faa6db77942",
  },
  {
    record: {
      kind: "moved-in",
      from: 1,
      reason: "redrive",
      movedAtMs: 1767225600500,
      firstSequence: 8,
      messages: [
        {
          originQueue: 1,
          originSequence: 4,
          originEnqueuedAtMs: 1767225600000,
          receiveCount: 5,
          lastError: "no printer",
          priority: 3,
          groupId: "g",
          attributes: noAttributes,
          body: { byteLength: 300 },
          bodyPosition: 77,
        },
      ],
    },
    type: 26,
    hex: "010200409faa6db7794208010104000080aa6db77942050a6e6f207072696e74657203010167ac0200",
  },
  {
    record: {
      kind: "restored-queue",
      settings,
      nextSequence: 200,
      nextLease: 100,
      paused: true,
      redrives: [
        {
          task: 3,
          to: undefined,
          perSecondMax: Number.POSITIVE_INFINITY,
          beforeSequence: 300,
          total: 7,
          moved: 7,
          startedAtWallMs: 1767225600000,
          endedAtWallMs: 1767225600500,
          status: "done",
        },
      ],
    },
    type: 27,
    hex: "00000000004cdd40010205e807ffffffffffffff0f010000000000406f40000000000000f07f01000000000000594000000000004ced40000000000000f83f000000000000e03f000000000000594000000000004ced400100000000804f12410000000000002440000000000000e03f01c8016401010300000000000000f07fac020707000080aa6db7794200409faa6db7794201",
  },
  {
    record: {
      kind: "restored-deduplication",
      entries: [{ id: "order 7", sequence: 300, atWallMs: 1767225600000 }],
    },
    type: 28,
    hex: "01076f726465722037ac02000080aa6db77942",
  },
  {
    record: {
      kind: "restored-messages",
      messages: [
        restored,
        {
          ...restored,
          sequence: 10,
          phase: "set-aside",
          receiveCount: 2,
          lease: 40,
          body: Uint8Array.of(7),
          bodyPosition: 0,
          provenance: {
            reason: "expired",
            from: 3,
            originQueue: 1,
            originSequence: 6,
            originEnqueuedAtMs: 1767225500000,
            receiveCount: 4,
            movedAtMs: 1767225600000,
            lastError: "no printer",
          },
          rare: {
            priority: 2,
            groupId: "g",
            availableAtWallMs: 1767225600250,
            timeToLiveMs: 60000,
            expiresAtWallMs: Number.POSITIVE_INFINITY,
            expiresInMs: Number.POSITIVE_INFINITY,
            lastError: "no paper",
            parkedReason: "max-receives",
            parkedAtWallMs: 1767225600500,
            place: 11.5,
          },
        },
      ],
    },
    type: 29,
    hex: "020900000000000000000000000000000000000000000080aa6db7794200000003000a05000000000000000000000000000000000228000080aa6db779420101030106000016926db7794204000080aa6db779420a6e6f207072696e746572010201016700a08faa6db7794200000000004ced40000000000000f07f000000000000f07f086e6f207061706572010000409faa6db7794200000000000027400100",
  },
];
