/** The format is a promise: these are the bytes that docs/journal.md describes, and a change of them is a new version. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "@sluice/runtime";
import { SimulatedDisk } from "@sluice/testkit";
import fc from "fast-check";
import { appendSettled, textPart } from "../conformance-home.ts";
import { FileJournal } from "../file-journal.ts";
import type { JournalPart } from "../journal.ts";
import { decodeParts, encodeRecord, payloadBytesOf, recordHeaderBytes } from "../record-codec.ts";

test("version 1: the example of docs/journal.md", async () => {
  const disk = new SimulatedDisk(seededRandom(1));
  const random = { bytes: () => Uint8Array.of(0x5f, 0x3a, 0x9c, 0x21), unit: () => 0 };
  {
    await using journal = await FileJournal.open({ disk, random });
    await journal.replay(() => undefined);
    assert.deepEqual(await appendSettled(journal, [textPart("a", ["hi"])]), [2 ** 32 + 0x45]);
  }
  assert.deepEqual(disk.fileNames(), ["0000000000000001-5f3a9c21.segment"]);
  const content = Buffer.from(disk.content("0000000000000001-5f3a9c21.segment") ?? []);
  const rows = [
    "53 4c 55 49 43 45 0d 0a 01 00 01 00 21 9c 3a 5f", // "SLUICE", version, kind, salt
    "01 00 00 00 00 00 00 00 01 00 00 00 00 00 00 00", // segment number, first sequence
    "00 00 00 00 37 72 26 c7", //                         reserved, checksum
    "21 9c 3a 5f b6 d8 23 25 0f 00 00 00 00 00 00 00", // salt, checksum, payload length, unsynced
    "01 00 00 00 00 00 00 00", //                         sequence
    "07 03 01 61 01 1d 00 00 00 02 00 00 00 68 69", //    owner, type, head "a", one body "hi"
    "21 9c 3a 5f bf 1c c2 0f 00 00 00 00 00 00 00 00", // a mark: everything is synced
    "02 00 00 00 00 00 00 00",
  ];
  assert.equal(content.toString("hex"), rows.join("").replaceAll(" ", ""));
});

test("any parts come back from their bytes as they were", () => {
  const bytes = fc.uint8Array({ maxLength: 300 });
  const position = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }).map((at) => ({ position: at }));
  const part: fc.Arbitrary<JournalPart> = fc.record({
    owner: fc.oneof(fc.nat(300), fc.integer({ min: 0, max: 2 ** 32 - 1 })),
    type: fc.nat(255),
    durability: fc.constantFrom("synced", "buffered", "memory"),
    head: bytes,
    bodies: fc.array(fc.oneof(bytes, position), { maxLength: 5 }),
  });
  fc.assert(
    fc.property(fc.array(part, { minLength: 1, maxLength: 5 }), fc.nat(50), (parts, start) => {
      const payloadBytes = payloadBytesOf(parts);
      const buffer = new Uint8Array(start + recordHeaderBytes + payloadBytes);
      const view = new DataView(buffer.buffer);
      const frame = { salt: 1, sequence: 2 ** 40 + 3, unsynced: 4, payloadBytes };
      const positions: number[] = [];
      encodeRecord(buffer, view, start, frame, parts, 1000, positions);
      const written = parts.filter(({ durability }) => durability !== "memory");
      const decoded = decodeParts(buffer, view, start, frame, 1000);
      assert.deepEqual(
        decoded?.map(({ owner, type, head, bodies }) => ({
          owner,
          type,
          head,
          bodies: bodies.map((body) => body.bytes ?? { position: body.position }),
        })),
        written.map(({ owner, type, head, bodies }) => ({ owner, type, head, bodies })),
      );
      const inline = (decoded ?? [])
        .flatMap(({ bodies }) => bodies)
        .filter((body) => body.bytes !== undefined)
        .values();
      const expected = parts.flatMap(({ durability, bodies }) =>
        bodies.map((body) => {
          if (!(body instanceof Uint8Array)) return body.position;
          return durability === "memory" ? 0 : inline.next().value?.position;
        }),
      );
      assert.deepEqual(positions, expected);
    }),
  );
});

test("a payload that makes no sense is no parts, whatever its bytes are", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 60 }), (payload) => {
      const buffer = new Uint8Array(recordHeaderBytes + payload.length);
      buffer.set(payload, recordHeaderBytes);
      const frame = { salt: 1, sequence: 1, unsynced: 0, payloadBytes: payload.length };
      const parts = decodeParts(buffer, new DataView(buffer.buffer), 0, frame, 0);
      for (const part of parts ?? []) assert.ok(part.head.length < payload.length);
    }),
  );
});
