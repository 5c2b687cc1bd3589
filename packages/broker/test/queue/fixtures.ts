/**
 * One record of every kind with its type number and the bytes of its head, as version 1 wrote them. They stay: a difference means that
 * journals of that version can no longer be read. A new layout adds a new type number and a new fixture.
 */
import { noAttributes, type QueueRecord } from "../../src/queue/index.ts";

export const fixtures: readonly {
  readonly record: QueueRecord;
  readonly type: number;
  readonly hex: string;
}[] = [
  {
    record: {
      kind: "configured",
      settings: {
        visibilityTimeoutMs: 30000,
        deadLetter: { queue: 2, receiveCountMax: 5 },
        messageCountMax: 1000,
        bodyBytesMax: 2 ** 53 - 1,
        durability: "buffered",
      },
    },
    type: 1,
    hex: "00000000004cdd40010205e807ffffffffffffff0f01",
  },
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
      kind: "moved-in",
      from: 1,
      reason: "max-receives",
      movedAtMs: 1767225600500,
      firstSequence: 8,
      messages: [
        {
          originQueue: 1,
          originSequence: 4,
          originEnqueuedAtMs: 1767225600000,
          receiveCount: 5,
          attributes: noAttributes,
          body: { byteLength: 300 },
          bodyPosition: 77,
        },
      ],
    },
    type: 9,
    hex: "010000409faa6db7794208010104000080aa6db7794205ac0200",
  },
  {
    record: {
      kind: "restored-queue",
      settings: {
        visibilityTimeoutMs: 30000,
        deadLetter: undefined,
        messageCountMax: 1,
        bodyBytesMax: 1,
        durability: "synced",
      },
      nextSequence: 200,
      nextLease: 100,
    },
    type: 10,
    hex: "00000000004cdd4000010102c80164",
  },
  {
    record: {
      kind: "restored-messages",
      messages: [
        {
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
        },
        {
          sequence: 10,
          phase: "in-flight",
          dueWallMs: 1767225630000,
          remainingMs: 30000,
          receiveCount: 2,
          lease: 40,
          enqueuedAtMs: 1767225600000,
          attributes: noAttributes,
          body: Uint8Array.of(7),
          bodyPosition: 0,
          provenance: {
            reason: "max-receives",
            from: 3,
            originQueue: 1,
            originSequence: 6,
            originEnqueuedAtMs: 1767225500000,
            receiveCount: 4,
            movedAtMs: 1767225600000,
          },
        },
      ],
    },
    type: 11,
    hex: "020900000000000000000000000000000000000000000080aa6db779420003000a020000d3b16db7794200000000004cdd400228000080aa6db779420100030106000016926db7794204000080aa6db779420100",
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
];
