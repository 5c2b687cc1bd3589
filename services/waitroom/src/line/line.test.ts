/** The two structures that keep a line quick, against the obvious slow ones. */
import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { DeadlineHeap, type Holder } from "./deadline-heap.ts";
import { Line } from "./line.ts";

interface Person {
  readonly name: number;
  place: number;
}

test("a line gives the ranks that an array would", () => {
  const step = fc.oneof(
    { weight: 3, arbitrary: fc.constant("append" as const) },
    { weight: 2, arbitrary: fc.nat(200) },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const line = new Line<Person>();
      const model: Person[] = [];
      for (const [name, each] of steps.entries()) {
        if (each === "append") {
          const person = { name, place: 0 };
          line.append(person);
          model.push(person);
        } else if (model.length > 0) {
          const [person] = model.splice(each % model.length, 1);
          if (person !== undefined) line.remove(person);
        }
        equal(line.size, model.length);
        for (const [index, person] of model.entries()) {
          equal(line.position(person), index + 1);
          equal(line.at(index + 1), person);
        }
        equal(line.at(0), undefined);
        equal(line.at(model.length + 1), undefined);
      }
    }),
  );
});

test("a line that many have passed through stays as large as those who are in it", () => {
  const line = new Line<Person>();
  const waiting: Person[] = [];
  for (let name = 0; name < 20_000; name++) {
    const person = { name, place: 0 };
    line.append(person);
    waiting.push(person);
    const first = waiting.length > 10 ? waiting.shift() : undefined;
    if (first !== undefined) line.remove(first);
  }
  deepEqual(
    waiting.map((person) => line.position(person)),
    [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
  );
  equal(Math.max(...waiting.map((person) => person.place)) <= 32, true);
});

test("the deadline heap finds what is due as a sorted list would", () => {
  const step = fc.oneof(
    { weight: 5, arbitrary: fc.record({ add: fc.nat(50) }) },
    { weight: 3, arbitrary: fc.record({ remove: fc.nat(50) }) },
    { weight: 1, arbitrary: fc.record({ due: fc.nat(60) }) },
  );
  fc.assert(
    fc.property(fc.array(step, { minLength: 30, maxLength: 150 }), (steps) => {
      const heap = new DeadlineHeap();
      const model: Holder[] = [];
      for (const [index, each] of steps.entries()) {
        if ("add" in each) {
          const added = holder(index, each.add);
          heap.add(added);
          model.push(added);
        } else if ("remove" in each) {
          const [removed] = model.splice(each.remove % Math.max(model.length, 1), 1);
          if (removed !== undefined) heap.remove(removed);
        } else {
          const due = model.filter(({ lease }) => lease.expiresAtMs <= each.due).map(({ id }) => id);
          deepEqual(
            heap
              .due(each.due, 1000)
              .map(({ id }) => id)
              .sort(),
            due.sort(),
          );
          equal(heap.due(each.due, 3).length, Math.min(due.length, 3));
        }
        equal(heap.size, model.length);
        equal(
          heap.first?.lease.expiresAtMs,
          model.length === 0 ? undefined : Math.min(...model.map(({ lease }) => lease.expiresAtMs)),
        );
      }
    }),
  );
});

function holder(number: number, expiresAtMs: number): Holder {
  return {
    id: `session-${number}`,
    eventId: "concert",
    userId: "ann",
    sequence: number + 1,
    tokenId: "token",
    joinedAtMs: 0,
    status: "ready",
    lease: { admittedAtMs: 0, expiresAtMs, keyId: "key" },
    endedAtMs: undefined,
    place: 0,
    heapIndex: -1,
  };
}
