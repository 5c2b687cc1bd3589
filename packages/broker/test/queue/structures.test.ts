/** The parts that a queue is built of, each against the simplest thing that does the same. */
import { deepEqual, equal } from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import { SequenceIndex } from "../../src/queue/sequence-index.ts";
import { SlotHeap } from "../../src/queue/slot-heap.ts";
import { SlotList } from "../../src/queue/slot-list.ts";
import { MessageSlots, Phase } from "../../src/queue/slots.ts";

/** A slot that holds a sequence and nothing else. */
function slotOf(messages: MessageSlots, sequence: number): number {
  const slot = messages.take();
  messages.sequence[slot] = sequence;
  messages.phase[slot] = Phase.delayed;
  return slot;
}

suite("sequence index", () => {
  test("finds what was added and not removed, whatever the sequences", () => {
    // Multiples of a large power of two collide in a table that looks at the low bits alone.
    const sequence = fc.oneof(
      fc.nat(60),
      fc.nat(60).map((n) => n * 2 ** 26),
      fc.nat(60).map((n) => n * 2 ** 40 + 1),
    );
    const property = fc.property(fc.array(fc.tuple(fc.boolean(), sequence), { maxLength: 300 }), (steps) => {
      const messages = new MessageSlots();
      const index = new SequenceIndex(messages);
      const model = new Map<number, number>();
      for (const [add, one] of steps) {
        const slot = model.get(one);
        if (add && slot === undefined) {
          const taken = slotOf(messages, one);
          index.add(taken);
          model.set(one, taken);
        } else if (!add && slot !== undefined) {
          index.remove(slot);
          messages.free(slot);
          model.delete(one);
        }
      }
      for (const [, one] of steps) equal(index.find(one), model.get(one) ?? -1);
    });
    fc.assert(property);
  });

  test("one old message among millions of new ones costs one cell", () => {
    const messages = new MessageSlots();
    const index = new SequenceIndex(messages);
    const old = slotOf(messages, 1);
    index.add(old);
    for (let sequence = 2; sequence < 200_000; sequence++) {
      const slot = slotOf(messages, sequence);
      index.add(slot);
      index.remove(slot);
      messages.free(slot);
    }
    equal(index.find(1), old);
    equal(messages.used, 1);
  });
});

suite("slot heap", () => {
  test("walks in the order of the keys, equal ones by sequence, whatever was taken out", () => {
    const step = fc.record({
      do: fc.constantFrom("push", "remove", "rekey"),
      which: fc.nat(),
      key: fc.nat(20),
    });
    const property = fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
      const messages = new MessageSlots();
      const heap = new SlotHeap(messages);
      const model: { readonly slot: number; readonly sequence: number; key: number }[] = [];
      for (const [i, { do: what, which, key }] of steps.entries()) {
        const entry = model[which % Math.max(1, model.length)];
        if (what === "push") {
          // Sequences fall while slots rise, so that neither stands for the other.
          const sequence = 1000 - i;
          const slot = slotOf(messages, sequence);
          heap.push(slot, key);
          model.push({ slot, sequence, key });
        } else if (entry !== undefined && what === "rekey") {
          heap.rekey(entry.slot, key);
          entry.key = key;
        } else if (entry !== undefined) {
          heap.remove(entry.slot);
          model.splice(model.indexOf(entry), 1);
        }
      }
      model.sort((a, b) => a.key - b.key || a.sequence - b.sequence);
      const walk = heap.walk();
      deepEqual(
        Array.from(model, () => [walk.key, walk.next()]),
        model.map(({ key, slot }) => [key, slot]),
      );
      equal(walk.next(), -1);
      equal(heap.size, model.length);
      equal(heap.firstKey, model[0]?.key);
      for (const { slot, key } of model) equal(heap.keyOf(slot), key);
    });
    fc.assert(property, { numRuns: 300 });
  });
});

suite("slot list", () => {
  test("keeps the order of coming, whatever leaves from the middle", () => {
    const property = fc.property(fc.array(fc.tuple(fc.boolean(), fc.nat()), { maxLength: 100 }), (steps) => {
      const messages = new MessageSlots();
      const list = new SlotList(messages);
      const model: number[] = [];
      for (const [i, [push, which]] of steps.entries()) {
        const slot = model[which % Math.max(1, model.length)];
        if (push) {
          const taken = slotOf(messages, i + 1);
          list.push(taken);
          model.push(taken);
        } else if (slot !== undefined) {
          list.remove(slot);
          model.splice(model.indexOf(slot), 1);
        }
      }
      const walked: number[] = [];
      for (let slot = list.head; slot >= 0; slot = list.after(slot)) walked.push(slot);
      deepEqual(walked, model);
      deepEqual([list.size, list.head, list.tail], [model.length, model[0] ?? -1, model.at(-1) ?? -1]);
    });
    fc.assert(property);
  });
});

suite("message slots", () => {
  test("freed slots are used again, and an empty queue gives its memory back", () => {
    const messages = new MessageSlots();
    const slots = Array.from({ length: 5000 }, (_, i) => slotOf(messages, i + 1));
    equal(messages.sequence.length, 8192);
    for (const slot of slots.slice(1)) messages.free(slot);
    const again = new Set(Array.from({ length: 4999 }, (_, i) => slotOf(messages, i)));
    equal(messages.sequence.length, 8192);
    deepEqual([...messages].length, 5000);
    for (const slot of [0, ...again]) messages.free(slot);
    equal(messages.sequence.length, 0);
    deepEqual([...messages], []);
    equal(slotOf(messages, 1), 0);
  });
});
