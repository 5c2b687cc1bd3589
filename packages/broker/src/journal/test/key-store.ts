/**
 * The smallest state that can stand on a journal, for its simulation: keys with bodies, put and dropped. Beside it a ledger of what was
 * appended and what was settled, kept outside, which says what a recovery may find.
 */
import assert from "node:assert/strict";
import { Fault, type Random } from "@sluice/runtime";
import type { BodyPosition, Journal, JournalPart, ReplayedPart, ReplayReport } from "../journal.ts";

const putType = 1;
const dropType = 2;

type Change =
  | { readonly kind: "put"; readonly puts: readonly { readonly key: string; readonly body: string }[] }
  | { readonly kind: "drop"; readonly key: string };

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** What was asked of a journal over all its lives, and what it said. */
export class Ledger {
  /** By sequence, from 1 at index 0. */
  readonly appends: (readonly Change[])[] = [];
  /** The last sequence that was settled as synced. */
  syncedThrough = 0;
  /** The last sequence that was settled. */
  settledThrough = 0;
  /** How many appends, none of them told as synced, the last recovery did not find. */
  lostAtRecovery = 0;

  copy(): Ledger {
    const copy = new Ledger();
    copy.appends.push(...this.appends);
    copy.syncedThrough = this.syncedThrough;
    copy.settledThrough = this.settledThrough;
    return copy;
  }

  /** The bodies by key after the first `sequence` appends. */
  stateAt(sequence: number): Map<string, string> {
    const state = new Map<string, string>();
    for (const change of this.appends.slice(0, sequence).flat()) {
      if (change.kind === "drop") state.delete(change.key);
      else for (const { key, body } of change.puts) state.set(key, body);
    }
    return state;
  }
}

/** A life of the state: from a replay until the power goes or the journal is closed. */
export class KeyStore {
  readonly #journal: Journal;
  readonly #ledger: Ledger;
  readonly #positions = new Map<string, BodyPosition>();
  #keys = 0;

  constructor(journal: Journal, ledger: Ledger) {
    this.#journal = journal;
    this.#ledger = ledger;
  }

  /** Folds the journal, and holds what it finds against the ledger. Later entries of the ledger are lost then, as they may be. */
  async recover(random: Random): Promise<ReplayReport> {
    const ledger = this.#ledger;
    const dead: BodyPosition[] = [];
    const report = await this.#journal.replay(({ parts }) => {
      for (const part of parts) dead.push(...this.#apply(part, part.bodies));
    });
    this.#journal.release(dead);
    assert.deepEqual(report.damages, []);
    assert.ok(report.lastSequence >= ledger.syncedThrough, "what was told as synced is there");
    assert.ok(report.lastSequence <= ledger.appends.length, "nothing is there that was not appended");
    ledger.lostAtRecovery = ledger.appends.length - report.lastSequence;
    ledger.appends.length = report.lastSequence;
    ledger.syncedThrough = report.lastSequence;
    ledger.settledThrough = report.lastSequence;
    this.#keys = Math.max(0, ...ledger.appends.flat().map((change) => highestKey(change) + 1));
    await this.check(random);
    return report;
  }

  /** Every key is there, and no other. Of the bodies some are read back, so that many recoveries can be looked at. */
  async check(random: Random): Promise<void> {
    const expected = this.#ledger.stateAt(this.#ledger.appends.length);
    assert.deepEqual([...this.#positions.keys()].sort(), [...expected.keys()].sort());
    for (const [key, position] of this.#positions) {
      if (random.unit() < 0.2)
        assert.equal(decode(await this.#journal.readBody(position)), expected.get(key));
    }
  }

  /** Appends a random change or two, and sometimes a part that is not to be written. */
  append(random: Random): void {
    const changes: Change[] = [];
    const dead: BodyPosition[] = [];
    for (let count = 1 + Math.floor(random.unit() * 2); count > 0; count--) {
      const [key, position] = this.#anyEntry(random);
      if (key === undefined) {
        changes.push({ kind: "put", puts: this.#newPuts(random) });
      } else {
        changes.push({ kind: "drop", key });
        dead.push(position);
        this.#positions.delete(key);
      }
    }
    const parts = changes.map((change) => partOf(change, random.unit() < 0.5 ? "synced" : "buffered"));
    if (random.unit() < 0.2) parts.push(partOf({ kind: "drop", key: "unwritten" }, "memory"));
    this.#append(changes, parts, dead, () => undefined);
  }

  /** Resolves when everything appended before is synced, or the journal has stopped. */
  settle(): Promise<void> {
    const change: Change = { kind: "put", puts: [{ key: `k${this.#keys++}`, body: "settled" }] };
    return new Promise((resolve) => this.#append([change], [partOf(change, "synced")], [], resolve));
  }

  /** Writes a checkpoint. Resolves also when the journal could not: that is no loss. */
  async checkpoint(): Promise<void> {
    try {
      await this.#journal.checkpoint(this.#snapshot());
    } catch (error) {
      assert.ok(error instanceof Fault);
      assert.ok(error.code === "storage-failed" || error.code === "checkpoint-failed", error.message);
    }
  }

  *#snapshot(): Iterable<JournalPart> {
    const entries = [...this.#positions];
    for (let i = 0; i < entries.length; i += 3) {
      const some = entries.slice(i, i + 3);
      const head = encode(some.map(([key]) => key).join(" "));
      const bodies = some.map(([, position]) => ({ position }));
      yield { owner: 2, type: putType, durability: "synced", head, bodies };
    }
  }

  #append(
    changes: readonly Change[],
    parts: readonly JournalPart[],
    dead: readonly BodyPosition[],
    done: () => void,
  ): void {
    const ledger = this.#ledger;
    const sequence = ledger.appends.push(changes);
    const synced = parts.some((part) => part.durability === "synced");
    const appended = this.#journal.append(parts, (fault) => {
      if (fault === undefined) {
        assert.equal(sequence, ledger.settledThrough + 1, "appends settle in order");
        ledger.settledThrough = sequence;
        if (synced) ledger.syncedThrough = sequence;
        this.#journal.release(dead);
      }
      done();
    });
    if (appended.sequence === 0) {
      ledger.appends.pop();
      return;
    }
    assert.equal(appended.sequence, sequence);
    const positions = appended.positions.values();
    for (const change of changes) {
      if (change.kind === "drop") continue;
      for (const { key } of change.puts) this.#positions.set(key, positions.next().value ?? 0);
    }
  }

  #apply(
    { type, head }: ReplayedPart,
    bodies: readonly { readonly position: BodyPosition }[],
  ): BodyPosition[] {
    const keys = decode(head).split(" ");
    if (type === putType) {
      for (const [i, key] of keys.entries()) this.#positions.set(key, bodies[i]?.position ?? 0);
      return [];
    }
    const dead = keys.map((key) => this.#positions.get(key) ?? 0);
    for (const key of keys) this.#positions.delete(key);
    return dead;
  }

  /** A key and its position; or nothing, as often as there is something. */
  #anyEntry(random: Random): readonly [string, BodyPosition] | readonly [undefined] {
    const entries = [...this.#positions];
    return entries[Math.floor(random.unit() * 2 * entries.length)] ?? [undefined];
  }

  #newPuts(random: Random): { key: string; body: string }[] {
    return Array.from({ length: 1 + Math.floor(random.unit() * 3) }, () => {
      const number = this.#keys++;
      const letter = String.fromCharCode(97 + (number % 26));
      return { key: `k${number}`, body: letter.repeat(Math.floor(random.unit() ** 3 * 1500)) };
    });
  }
}

function partOf(change: Change, durability: JournalPart["durability"]): JournalPart {
  return change.kind === "drop"
    ? { owner: 1, type: dropType, durability, head: encode(change.key), bodies: [] }
    : {
        owner: 2,
        type: putType,
        durability,
        head: encode(change.puts.map(({ key }) => key).join(" ")),
        bodies: change.puts.map(({ body }) => encode(body)),
      };
}

function highestKey(change: Change): number {
  const keys = change.kind === "drop" ? [change.key] : change.puts.map(({ key }) => key);
  return Math.max(...keys.map((key) => Number(key.slice(1))));
}
