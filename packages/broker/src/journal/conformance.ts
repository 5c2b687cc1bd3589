/** What every journal must do, as tests that each implementation runs. A journal that keeps nothing says so by its durability. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Journal, JournalPart, ReplayedAppend, ReplayReport } from "./journal.ts";

/** Where one journal lives: opening it again after its disposal finds what was appended before, if it keeps anything. */
export interface JournalHome extends AsyncDisposable {
  open(): Promise<Journal>;
}

interface Kept {
  readonly owner: number;
  readonly type: number;
  readonly head: string;
  readonly bodies: readonly (string | undefined)[];
}

/** Appends and waits; rejects with the fault. */
export async function appendSettled(
  journal: Journal,
  parts: readonly JournalPart[],
): Promise<readonly number[]> {
  let positions: readonly number[] = [];
  await new Promise<void>((resolve, reject) => {
    const settled = (fault?: Error): void => (fault === undefined ? resolve() : reject(fault));
    positions = journal.append(parts, settled).positions;
  });
  return positions;
}

/** A part with text for bytes. */
export function textPart(
  head: string,
  bodies: readonly string[] = [],
  durability: JournalPart["durability"] = "synced",
): JournalPart {
  return { owner: 7, type: 3, durability, head: bytes(head), bodies: bodies.map(bytes) };
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (of: Uint8Array): string => new TextDecoder().decode(of);

/** Copies an append out of the views that replay hands over. */
function kept({ parts }: ReplayedAppend): Kept[] {
  return parts.map(({ owner, type, head, bodies }) => ({
    owner,
    type,
    head: text(head),
    bodies: bodies.map((body) => (body.bytes === undefined ? undefined : text(body.bytes))),
  }));
}

async function replayed(
  journal: Journal,
): Promise<{ appends: Kept[][]; report: ReplayReport; sequences: number[] }> {
  const appends: Kept[][] = [];
  const sequences: number[] = [];
  const report = await journal.replay((append) => {
    appends.push(kept(append));
    sequences.push(append.sequence);
  });
  return { appends, report, sequences };
}

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
