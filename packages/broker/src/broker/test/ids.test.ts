/** Ids and receipts: the two forms of a message id agree, and what was not made here is told apart. */
import { deepEqual, equal, match } from "node:assert/strict";
import { test } from "node:test";
import { formatUuid } from "@sluice/runtime";
import { formatReceipt, messageId, messageIdBytes, parseReceipt, writeMessageId } from "../ids.ts";

const salt = Uint8Array.of(0xab, 0xcd, 0xef, 1, 2, 3);
const sequences = [1, 255, 4096, 2 ** 32 - 1, 2 ** 32, 2 ** 48 - 1];

test("a message id is a UUID of version 8, the same as text and as bytes, and sorts by sequence", () => {
  const ids = sequences.map((sequence) => {
    const bytes = new Uint8Array(messageIdBytes);
    writeMessageId(bytes, 0, salt, 70_000, sequence);
    equal(messageId(salt, 70_000, sequence), formatUuid(bytes));
    return formatUuid(bytes);
  });
  for (const id of ids) match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  deepEqual(ids.toSorted(), ids);
  equal(
    new Set([...ids, messageId(salt, 1, 1), messageId(Uint8Array.of(1, 2, 3, 4, 5, 6), 70_000, 1)]).size,
    ids.length + 2,
  );
});

test("a receipt is read back, and strange ones are not", () => {
  for (const sequence of sequences) {
    const receipt = { sequence, lease: sequence };
    deepEqual(parseReceipt(salt, 7, formatReceipt(salt, 7, receipt)), receipt);
  }
  const text = formatReceipt(salt, 7, { sequence: 1, lease: 1 });
  equal(parseReceipt(salt, 8, text), undefined);
  equal(parseReceipt(Uint8Array.of(1, 2, 3, 4, 5, 6), 7, text), undefined);
  for (const strange of ["", "x", text.slice(1), `${text}A`, `${text.slice(0, -1)}!`, "A".repeat(27)]) {
    equal(parseReceipt(salt, 7, strange), undefined, strange);
  }
});
