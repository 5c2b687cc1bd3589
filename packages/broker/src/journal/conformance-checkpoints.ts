/** What every journal must do about checkpoints and about bodies that are wanted no longer: a part of `journalConformance`. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { appendSettled, type JournalHome, replayed, text, textPart } from "./conformance-home.ts";
import type { Journal, JournalPart } from "./journal.ts";

/** Runs the tests; `makeHome` gives an empty home for one of them. */
export function checkpointConformance(name: string, makeHome: () => Promise<JournalHome>): void {
  const keeps = (journal: Journal): boolean => journal.durability !== "memory";

  test(`${name}: a checkpoint takes the place of the appends before it`, async () => {
    await using home = await makeHome();
    const bodies = ["zero", "one", "two"];
    {
      await using journal = await home.open();
      await replayed(journal);
      const positions = await appendSettled(journal, [textPart("before", bodies)]);
      journal.release(positions.slice(1, 2));
      const kept = [positions[0] ?? 0, positions[2] ?? 0].map((position) => ({ position }));
      const snapshot = [
        { ...textPart("snapshot"), bodies: kept },
        textPart("more"),
        textPart("not", [], "memory"),
      ];
      const done = journal.checkpoint(keeps(journal) ? snapshot : []);
      await appendSettled(journal, [textPart("after", ["three"])]);
      await done;
    }
    await using journal = await home.open();
    const read: (string | undefined)[] = [];
    const positions: number[] = [];
    await journal.replay(({ parts }) => {
      for (const part of parts) read.push(text(part.head));
      for (const part of parts) for (const body of part.bodies) positions.push(body.position);
    });
    if (!keeps(journal)) return assert.deepEqual(read, []);
    assert.deepEqual(read, ["snapshot", "more", "after"]);
    const found = await Promise.all(positions.map((position) => journal.readBody(position)));
    assert.deepEqual(found.map(text), ["zero", "two", "three"]);
    assert.equal(journal.append([textPart("next")], () => undefined).sequence, 3);
  });

  test(`${name}: the snapshot of a checkpoint is drained before the call returns`, async () => {
    await using home = await makeHome();
    await using journal = await home.open();
    await replayed(journal);
    let drained = false;
    function* snapshot(): Iterable<JournalPart> {
      yield textPart("only");
      drained = true;
    }
    const done = journal.checkpoint(snapshot());
    assert.ok(drained);
    await done;
  });

  test(`${name}: a body that an append mentions again is released as often as it was mentioned`, async () => {
    await using home = await makeHome();
    await using journal = await home.open();
    if (!keeps(journal)) return;
    await replayed(journal);
    const [position = 0] = await appendSettled(journal, [textPart("here", ["body"])]);
    const again = await appendSettled(journal, [{ ...textPart("there"), bodies: [{ position }] }]);
    assert.deepEqual(again, [position]);
    const unwritten = [{ ...textPart("nowhere", [], "memory"), bodies: [{ position }] }];
    assert.deepEqual(await appendSettled(journal, unwritten), [position]);
    journal.release([position, position]);
    assert.equal(text(await journal.readBody(position)), "body");
    journal.release([position, 0]);
    assert.throws(() => journal.release([position]), /released more often than it was appended/);
  });

  test(`${name}: a stretch that a checkpoint covers goes when its bodies were appended once more and released`, async () => {
    await using home = await makeHome();
    await using journal = await home.open();
    await replayed(journal);
    const bodies = Array.from({ length: 12 }, (_, i) => `${i}`.repeat(1000));
    const wanted = new Map<number, string>();
    for (const body of bodies) {
      const [position = 0] = await appendSettled(journal, [textPart("p", [body])]);
      wanted.set(position, body);
    }
    assert.deepEqual(journal.covered(), []);
    if (!keeps(journal)) return;
    const checkpoint = (): Promise<void> =>
      journal.checkpoint(
        [...wanted.keys()].map((position) => ({ ...textPart("p"), bodies: [{ position }] })),
      );
    await checkpoint();
    const [after = 0] = await appendSettled(journal, [textPart("after", ["after"])]);
    const covered = journal.covered();
    let end = 0;
    for (const { from, to, bytes: size } of covered) {
      const within = [...wanted].filter(([position]) => position >= from && position < to);
      assert.ok(from >= end && size >= within.length * 1000 && within.length > 0);
      assert.ok(after >= to, "what came after the checkpoint is not covered");
      end = to;
      for (const [position, body] of within) {
        const [moved = 0] = await appendSettled(journal, [textPart("moved", [body])]);
        wanted.delete(position);
        wanted.set(moved, body);
        journal.release([position]);
      }
      await checkpoint();
      assert.ok(!journal.covered().some((stretch) => stretch.from === from));
    }
    for (const [position, body] of wanted) assert.equal(text(await journal.readBody(position)), body);
  });
}
