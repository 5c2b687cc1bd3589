/**
 * The catalog: which numbers the queues, topics and groups have. Journal records carry numbers; people say names. Numbers rise from 1
 * and are never given twice, so that a record of something deleted never speaks of something new.
 *
 * The catalog's own records have owner 0:
 *
 *     type 1  identity  salt:6 bytes                       once, the first record of a journal
 *     type 2  named     kind:u8  number:u32  name:utf-8    kind 1 queue, 2 topic, 3 group
 *     type 3  removed   number:u32
 *     type 4  counted   next:u32                           in a checkpoint: the numbers before it were given
 */
import { type DecodedRecord, malformed, unknownType } from "../queue/decoded.ts";
import { type Salt, saltBytes } from "./ids.ts";

export const catalogOwner = 0;

export const kinds = ["queue", "topic", "group"] as const;
export type Kind = (typeof kinds)[number];

export type CatalogRecord =
  | { readonly kind: "identity"; readonly salt: Salt }
  | { readonly kind: "named"; readonly what: Kind; readonly number: number; readonly name: string }
  | { readonly kind: "removed"; readonly number: number }
  | { readonly kind: "counted"; readonly next: number };

export interface Entry {
  readonly what: Kind;
  readonly number: number;
  readonly name: string;
}

const types = { identity: 1, named: 2, removed: 3, counted: 4 } as const;

export function encodeCatalogRecord(record: CatalogRecord): {
  readonly type: number;
  readonly head: Uint8Array;
} {
  if (record.kind === "identity") return { type: types.identity, head: record.salt };
  if (record.kind !== "named") {
    const head = Buffer.alloc(4);
    head.writeUInt32LE(record.kind === "removed" ? record.number : record.next, 0);
    return { type: types[record.kind], head };
  }
  const name = Buffer.from(record.name, "utf8");
  const head = Buffer.alloc(5 + name.length);
  head.writeUInt8(kinds.indexOf(record.what) + 1, 0);
  head.writeUInt32LE(record.number, 1);
  head.set(name, 5);
  return { type: types.named, head };
}

/** Reads a record of any type that this version or one before it wrote. */
export function decodeCatalogRecord(type: number, head: Uint8Array): DecodedRecord<CatalogRecord> {
  if (type === types.identity) {
    if (head.length !== saltBytes) return malformed("catalog", type, head.length, 0);
    return { ok: true, record: { kind: "identity", salt: head.slice() } };
  }
  const bytes = Buffer.from(head.buffer, head.byteOffset, head.byteLength);
  if (type === types.removed || type === types.counted) {
    if (bytes.length !== 4) return malformed("catalog", type, head.length, 0);
    const number = bytes.readUInt32LE(0);
    if (type === types.removed) return { ok: true, record: { kind: "removed", number } };
    return { ok: true, record: { kind: "counted", next: number } };
  }
  if (type !== types.named) return unknownType("catalog", type);
  const what = bytes.length > 5 ? kinds[bytes.readUInt8(0) - 1] : undefined;
  if (what === undefined) return malformed("catalog", type, head.length, 0);
  return {
    ok: true,
    record: { kind: "named", what, number: bytes.readUInt32LE(1), name: bytes.toString("utf8", 5) },
  };
}

export class Catalog {
  #salt: Salt | undefined;
  #next = 1;
  readonly #byNumber = new Map<number, Entry>();
  readonly #byName: Record<Kind, Map<string, Entry>> = {
    queue: new Map(),
    topic: new Map(),
    group: new Map(),
  };

  /** The only way the catalog changes, live and in recovery. */
  apply(record: CatalogRecord): void {
    switch (record.kind) {
      case "identity":
        this.#salt = record.salt;
        return;
      case "named": {
        const entry: Entry = { what: record.what, number: record.number, name: record.name };
        this.#byNumber.set(entry.number, entry);
        this.#byName[entry.what].set(entry.name, entry);
        this.#next = Math.max(this.#next, entry.number + 1);
        return;
      }
      case "removed": {
        const entry = this.#byNumber.get(record.number);
        if (entry === undefined) return;
        this.#byNumber.delete(entry.number);
        if (this.#byName[entry.what].get(entry.name) === entry) this.#byName[entry.what].delete(entry.name);
        return;
      }
      case "counted":
        this.#next = Math.max(this.#next, record.next);
        return;
      default:
        record satisfies never;
    }
  }

  /** Records that rebuild this catalog. */
  *snapshot(): Generator<CatalogRecord> {
    if (this.#salt !== undefined) yield { kind: "identity", salt: this.#salt };
    for (const { what, number, name } of this.#byNumber.values()) yield { kind: "named", what, number, name };
    // The newest name may have been removed, and its number must not be given again.
    if (this.#next > 1 && !this.#byNumber.has(this.#next - 1)) yield { kind: "counted", next: this.#next };
  }

  /** Undefined until the journal has its first record. */
  get salt(): Salt | undefined {
    return this.#salt;
  }

  /** How many names there are. */
  get nameCount(): number {
    return this.#byNumber.size;
  }

  /** The number that the next entry will get. */
  get nextNumber(): number {
    return this.#next;
  }

  find(what: Kind, name: string): Entry | undefined {
    return this.#byName[what].get(name);
  }

  entry(number: number): Entry | undefined {
    return this.#byNumber.get(number);
  }

  /** Whether the number was given once and is no more. */
  wasRemoved(number: number): boolean {
    return number > catalogOwner && number < this.#next && !this.#byNumber.has(number);
  }

  names(what: Kind): readonly string[] {
    return [...this.#byName[what].keys()].sort();
  }
}
