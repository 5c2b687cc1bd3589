/** What every journal must do, as tests that each implementation runs. A journal that keeps nothing says so by its durability. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { checkpointConformance } from "./conformance-checkpoints.ts";
import { appendSettled, type JournalHome, replayed, text, textPart } from "./conformance-home.ts";
import type { Journal, JournalPart } from "./journal.ts";

/** Runs the suite; `makeHome` gives an empty home for one test. */
export function journalConformance(name: string, makeHome: () => Promise<JournalHome>): void {
  const keeps = (journal: Journal): boolean => journal.durability !== "memory";

  test(`${name}: what was appended is replayed, in order`, async () => {
    await using home = await makeHome();
    const appends = [[textPart("a", ["one", ""]), textPart("b")], [textPart("", ["two"])]];
    {
      await using journal = await home.open();
      assert.deepEqual((await replayed(journal)).appends, []);
      for (const parts of appends) await appendSettled(journal, parts);
    }
    await using journal = await home.open();
    const { appends: found, report, sequences } = await replayed(journal);
    if (!keeps(journal)) return assert.deepEqual(found, []);
    assert.deepEqual(found, [
      [
        { owner: 7, type: 3, head: "a", bodies: ["one", ""] },
        { owner: 7, type: 3, head: "b", bodies: [] },
      ],
      [{ owner: 7, type: 3, head: "", bodies: ["two"] }],
    ]);
    assert.deepEqual(sequences, [1, 2]);
    assert.deepEqual(report, { appends: 2, lastSequence: 2, damages: [] });
  });

  test(`${name}: numbers and sizes at their limits come back`, async () => {
    await using home = await makeHome();
    const large = "x".repeat(3_000_000);
    const parts: JournalPart[] = [
      { ...textPart("", []), owner: 2 ** 32 - 1, type: 255 },
      {
        ...textPart(
          "h".repeat(70_000),
          Array.from({ length: 300 }, (_, i) => `${i}`),
        ),
        owner: 0,
        type: 0,
      },
      { ...textPart("large", [large]), owner: 2 ** 31, type: 128 },
    ];
    {
      await using journal = await home.open();
      await replayed(journal);
      await appendSettled(journal, parts);
    }
    await using journal = await home.open();
    const { appends } = await replayed(journal);
    if (!keeps(journal)) return;
    const [first, second, third] = appends[0] ?? [];
    assert.deepEqual([first?.owner, first?.type], [2 ** 32 - 1, 255]);
    assert.deepEqual([second?.head.length, second?.bodies.length, second?.bodies[299]], [70_000, 300, "299"]);
    assert.deepEqual([third?.owner, third?.bodies[0] === large], [2 ** 31, true]);
  });

  test(`${name}: appends settle once each, in order, and not before append has returned`, async () => {
    await using home = await makeHome();
    await using journal = await home.open();
    await replayed(journal);
    const told: number[] = [];
    const durabilities = ["synced", "buffered", "memory", "buffered", "synced", "memory"] as const;
    await new Promise<void>((resolve) => {
      for (let i = 0; i < 60; i++) {
        const part = textPart(`${i}`, [`body ${i}`], durabilities[i % durabilities.length]);
        journal.append(i % 7 === 6 ? [] : [part], (fault) => {
          assert.equal(fault, undefined);
          if (told.push(i) === 60) resolve();
        });
        assert.deepEqual(told, []);
      }
    });
    assert.deepEqual(
      told,
      Array.from({ length: 60 }, (_, i) => i),
    );
  });

  test(`${name}: sequences count the written appends from 1, over restarts too`, async () => {
    await using home = await makeHome();
    for (let life = 0; life < 3; life++) {
      await using journal = await home.open();
      await replayed(journal);
      const unwritten = journal.append([textPart("gone", ["gone"], "memory")], () => undefined);
      assert.deepEqual(unwritten, { sequence: 0, positions: [0] });
      assert.deepEqual(
        journal.append([], () => undefined),
        { sequence: 0, positions: [] },
      );
      const written = [1, 2].map((i) => journal.append([textPart(`${i}`)], () => undefined).sequence);
      assert.deepEqual(written, keeps(journal) ? [2 * life + 1, 2 * life + 2] : [0, 0]);
    }
  });

  test(`${name}: memory parts are not written, beside others that are`, async () => {
    await using home = await makeHome();
    {
      await using journal = await home.open();
      await replayed(journal);
      const parts = [textPart("m", ["m"], "memory"), textPart("b", ["b"], "buffered"), textPart("s", ["s"])];
      const positions = await appendSettled(journal, parts);
      assert.deepEqual(
        positions.map((position) => position > 0),
        [false, keeps(journal), keeps(journal)],
      );
    }
    await using journal = await home.open();
    const { appends } = await replayed(journal);
    if (keeps(journal)) {
      assert.deepEqual(
        appends.map((parts) => parts.map((part) => part.head)),
        [["b", "s"]],
      );
    }
  });

  test(`${name}: bodies are read by position: before they settle, afterwards, and after a restart`, async () => {
    await using home = await makeHome();
    const positions: number[] = [];
    const bodies = Array.from({ length: 40 }, (_, i) => `${i}:${"y".repeat(i * 97)}`);
    {
      await using journal = await home.open();
      if (!keeps(journal)) return;
      await replayed(journal);
      const settled: Promise<unknown>[] = [];
      for (let i = 0; i < bodies.length; i += 4) {
        const parts = [textPart("p", bodies.slice(i, i + 1)), textPart("q", bodies.slice(i + 1, i + 4))];
        settled.push(appendSettled(journal, parts).then((given) => positions.push(...given)));
        const unsettled = journal.append(parts, () => undefined);
        assert.equal(text(await journal.readBody(unsettled.positions[3] ?? 0)), bodies[i + 3]);
      }
      await Promise.all(settled);
      for (const [i, body] of bodies.entries())
        assert.equal(text(await journal.readBody(positions[i] ?? 0)), body);
    }
    assert.deepEqual(
      positions,
      positions.toSorted((a, b) => a - b),
    );
    await using journal = await home.open();
    const found = new Set<number>();
    await journal.replay(({ parts }) => {
      for (const part of parts) for (const body of part.bodies) found.add(body.position);
    });
    for (const [i, position] of positions.entries()) {
      assert.ok(found.has(position));
      assert.equal(text(await journal.readBody(position)), bodies[i]);
    }
  });

  test(`${name}: bytes may change once an append has returned`, async () => {
    await using home = await makeHome();
    {
      await using journal = await home.open();
      await replayed(journal);
      const part = textPart("head", ["body"]);
      const settled = new Promise<void>((resolve) => void journal.append([part], () => resolve()));
      part.head.fill(0);
      for (const body of part.bodies) if (body instanceof Uint8Array) body.fill(0);
      await settled;
    }
    await using journal = await home.open();
    const { appends } = await replayed(journal);
    const parts = [{ owner: 7, type: 3, head: "head", bodies: ["body"] }];
    assert.deepEqual(appends, keeps(journal) ? [parts] : []);
  });

  test(`${name}: a position at which no body lies is a fault`, async () => {
    await using home = await makeHome();
    await using journal = await home.open();
    await replayed(journal);
    const [position = 0] = await appendSettled(journal, [textPart("p", ["body"])]);
    for (const wrong of [0, position + 1, position - 4, position + 10_000, position + 2 ** 32]) {
      await assert.rejects(journal.readBody(wrong), { code: "body-damaged" });
    }
  });

  checkpointConformance(name, makeHome);

  test(`${name}: disposing settles what was appended`, async () => {
    await using home = await makeHome();
    const told: unknown[] = [];
    {
      await using journal = await home.open();
      await replayed(journal);
      for (const durability of ["buffered", "synced", "memory"] as const) {
        journal.append([textPart("last", [], durability)], (fault) => told.push(fault));
      }
    }
    assert.deepEqual(told, [undefined, undefined, undefined]);
  });
}
