/** Records in layouts that are no longer written: the bytes of their heads as the first version wrote them, and what is read from them. */
import { defaultQueueSettings, noAttributes } from "../../src/queue/index.ts";
import type { Fixture } from "./fixtures.ts";

/** What a queue of the first version did not have is as if it never were: nothing is parked, nothing expires. */
const settingsOfThen = { ...defaultQueueSettings, parkAfterReceives: Number.POSITIVE_INFINITY };

export const firstFixtures: readonly Fixture[] = [
  {
    record: {
      kind: "configured",
      settings: {
        ...settingsOfThen,
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
          lastError: "",
          priority: 0,
          groupId: undefined,
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
        ...settingsOfThen,
        visibilityTimeoutMs: 30000,
        deadLetter: undefined,
        messageCountMax: 1,
        bodyBytesMax: 1,
        durability: "synced",
      },
      nextSequence: 200,
      nextLease: 100,
      paused: false,
      redrives: [],
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
            lastError: "",
            movedAtMs: 1767225600000,
          },
        },
      ],
    },
    type: 11,
    hex: "020900000000000000000000000000000000000000000080aa6db779420003000a020000d3b16db7794200000000004cdd400228000080aa6db779420100030106000016926db7794204000080aa6db779420100",
  },
];
