/** The arena of bodies: what lives is found, views stay right for ever, and what is held is counted and bounded. */
import { deepEqual, equal, notEqual, ok } from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import { aloneBytesMin, BodyArena, bodyHeaderBytes, slackBytes } from "../../src/queue/body-arena.ts";

const slotCount = 512;

/** An arena with columns of its own, and every body that it should have. */
class Shelf {
  readonly columns = {
    bodyChunk: new Uint32Array(slotCount),
    bodyOffset: new Uint16Array(slotCount),
    bodyBytes: new Uint32Array(slotCount),
  };
  readonly arena = new BodyArena(this.columns);
  readonly bodies = new Map<number, Uint8Array>();
  #serial = 0;

  /** Puts a body into the slot that no other has had, in place of what is there. */
  put(slot: number, byteLength: number): Uint8Array {
    this.take(slot);
    this.#serial++;
    const body = Uint8Array.from({ length: byteLength }, (_, i) => this.#serial * 31 + i * 7);
    this.bodies.set(slot, body);
    this.columns.bodyBytes[slot] = byteLength;
    // Of a buffer that is larger, as bodies come from a network.
    this.arena.put(slot, Uint8Array.of(0, ...body, 0).subarray(1, -1));
    return body;
  }

  take(slot: number): void {
    this.arena.remove(slot);
    this.bodies.delete(slot);
  }

  /** What must hold at any time. */
  check(): void {
    const { arena, columns } = this;
    let liveBytes = 0;
    for (let slot = 0; slot < slotCount; slot++) {
      deepEqual(arena.view(slot), this.bodies.get(slot), `the body in slot ${slot}`);
      const bytes = columns.bodyBytes[slot] as number;
      if (this.bodies.has(slot)) liveBytes += bytes < aloneBytesMin ? bodyHeaderBytes + bytes : bytes;
    }
    equal(arena.liveBytes, liveBytes);
    ok(arena.heldBytes >= liveBytes && arena.heldBytes <= 2 * liveBytes + slackBytes, `${arena.heldBytes}`);
  }
}

const byteLengths = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: 0, max: 300 }) },
  { weight: 2, arbitrary: fc.integer({ min: 0, max: 9000 }) },
  { weight: 1, arbitrary: fc.constantFrom(0, aloneBytesMin - 1, aloneBytesMin, 70_000) },
);
const slots = fc.integer({ min: 0, max: slotCount - 1 });

suite("bodies in memory", () => {
  test("any puts and removals: every body is found, every view stays right, and at most twice of what lives is held", () => {
    const step = fc.oneof(
      {
        weight: 3,
        arbitrary: fc.record({
          slot: slots,
          byteLength: byteLengths,
          count: fc.integer({ min: 1, max: 60 }),
        }),
      },
      {
        weight: 2,
        arbitrary: fc.record({
          slot: slots,
          every: fc.integer({ min: 1, max: 5 }),
          count: fc.integer({ min: 1, max: 120 }),
        }),
      },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const shelf = new Shelf();
        const handedOut: { readonly view: Uint8Array; readonly body: Uint8Array }[] = [];
        for (const given of steps) {
          for (let i = 0; i < given.count; i++) {
            const slot = (given.slot + i * ("every" in given ? given.every : 1)) % slotCount;
            const [view, body] = [shelf.arena.view(slot), shelf.bodies.get(slot)];
            if (view !== undefined && body !== undefined && i % 16 === 0) handedOut.push({ view, body });
            if ("every" in given) shelf.take(slot);
            else shelf.put(slot, given.byteLength);
          }
          shelf.check();
        }
        for (const { view, body } of handedOut) deepEqual(view, body);
        for (let slot = 0; slot < slotCount; slot++) shelf.take(slot);
        shelf.check();
      }),
      { numRuns: 100 },
    );
  });

  test("a view outlives its message, whatever comes into the same slot", () => {
    const shelf = new Shelf();
    const body = shelf.put(1, 100);
    const view = shelf.arena.view(1);
    for (let i = 0; i < 5000; i++) shelf.put(1, 100);
    deepEqual(view, body);
    notEqual(shelf.arena.view(1)?.buffer, view?.buffer);
  });

  test("bodies that leave in the order in which they came are not copied", () => {
    const shelf = new Shelf();
    const buffersFrom = (slot: number) =>
      Array.from({ length: 200 - slot }, (_, i) => shelf.arena.view(slot + i)?.buffer);
    for (let round = 0; round < 20; round++) {
      for (let slot = 0; slot < 200; slot++) shelf.put(slot, 200);
      const before = buffersFrom(150);
      for (let slot = 0; slot < 150; slot++) shelf.take(slot);
      deepEqual(
        buffersFrom(150).map((buffer, i) => buffer === before[i]),
        before.map(() => true),
      );
      for (let slot = 150; slot < 200; slot++) shelf.take(slot);
    }
  });

  test("when one in ten stays, the memory of the others is given back", () => {
    const shelf = new Shelf();
    for (let slot = 0; slot < slotCount; slot++) shelf.put(slot, 1000);
    const fullBytes = shelf.arena.heldBytes;
    for (let slot = 0; slot < slotCount; slot++) if (slot % 10 !== 0) shelf.take(slot);
    shelf.check();
    ok(shelf.arena.heldBytes < fullBytes / 4);
    const buffers = new Set([...shelf.bodies.keys()].map((slot) => shelf.arena.view(slot)?.buffer));
    const allocated = [...buffers].reduce((sum, buffer) => sum + (buffer?.byteLength ?? 0), 0);
    ok(allocated < fullBytes / 2, `${allocated} of ${fullBytes} bytes`);
  });

  test("an empty arena holds a small chunk at most, and one through which single bodies pass uses it for many", () => {
    const shelf = new Shelf();
    for (let slot = 0; slot < slotCount; slot++) shelf.put(slot, 500);
    for (let slot = 0; slot < slotCount; slot++) shelf.take(slot);
    equal(shelf.arena.heldBytes, 0);
    const buffers = new Set<unknown>();
    for (let i = 0; i < 100; i++) {
      shelf.put(7, 100);
      buffers.add(shelf.arena.view(7)?.buffer);
      shelf.take(7);
      ok(shelf.arena.heldBytes <= slackBytes / 2);
    }
    ok(buffers.size < 5);
  });

  test("a large body that has its buffer to itself is kept as it is, and one that has not is copied", () => {
    const { arena, columns } = new Shelf();
    columns.bodyBytes.fill(aloneBytesMin);
    const own = new Uint8Array(aloneBytesMin).fill(1);
    arena.put(0, own);
    equal(arena.view(0)?.buffer, own.buffer);
    const shared = new Uint8Array(2 * aloneBytesMin).fill(2);
    arena.put(1, shared.subarray(0, aloneBytesMin));
    shared.fill(3);
    deepEqual(arena.view(1), new Uint8Array(aloneBytesMin).fill(2));
    equal(arena.heldBytes, 2 * aloneBytesMin);
  });
});
