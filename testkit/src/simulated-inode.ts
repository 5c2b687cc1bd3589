/** The content of a file on the simulated disk: what is synced, and the changes since, sector by sector. */
import type { Random } from "@sluice/runtime";

/** What a disk writes whole or not at all. */
const sectorBytes = 512;

export type ContentChange =
  | { readonly kind: "write"; readonly offset: number; readonly bytes: Uint8Array }
  | { readonly kind: "truncate"; readonly size: number };

/** Bytes that can grow at low cost; a gap reads as zeros. */
class Content {
  #bytes: Uint8Array;
  #size: number;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes.slice();
    this.#size = bytes.length;
  }

  get size(): number {
    return this.#size;
  }

  /** A view on the bytes from `start` up to, not including, `end`, as far as they exist. */
  view(start: number, end: number): Uint8Array {
    return this.#bytes.subarray(Math.min(start, this.#size), Math.min(end, this.#size));
  }

  write(offset: number, bytes: Uint8Array): void {
    this.resize(Math.max(this.#size, offset + bytes.length));
    this.#bytes.set(bytes, offset);
  }

  resize(size: number): void {
    if (size > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(size, 2 * this.#bytes.length));
      grown.set(this.view(0, this.#size));
      this.#bytes = grown;
    }
    if (size < this.#size) this.#bytes.fill(0, size, this.#size);
    this.#size = size;
  }

  apply(change: ContentChange): void {
    if (change.kind === "truncate") this.resize(change.size);
    else this.write(change.offset, change.bytes);
  }
}

export class Inode {
  readonly #current: Content;
  readonly #synced: Content;
  #changes: ContentChange[] = [];

  /** A file in which processes see `bytes`, and of which `synced` are on the disk. */
  constructor(bytes: Uint8Array, synced: Uint8Array = bytes) {
    this.#current = new Content(bytes);
    this.#synced = new Content(synced);
  }

  /** The same file, on its own. */
  copy(): Inode {
    const copy = new Inode(this.bytes(), this.#synced.view(0, this.#synced.size));
    copy.#changes = this.#changes.slice();
    return copy;
  }

  get size(): number {
    return this.#current.size;
  }

  /** How many changes wait for a sync. */
  get unsyncedCount(): number {
    return this.#changes.length;
  }

  /** What a process sees, copied. */
  bytes(): Uint8Array {
    return this.#current.view(0, this.#current.size).slice();
  }

  read(into: Uint8Array, offset: number): number {
    const from = this.#current.view(offset, offset + into.length);
    into.set(from);
    return from.length;
  }

  change(change: ContentChange): void {
    this.#current.apply(change);
    this.#changes.push(change);
  }

  /** The oldest `count` changes are on the disk. */
  sync(count: number): void {
    for (const change of this.#changes.splice(0, count)) this.#synced.apply(change);
  }

  /**
   * A sync failed: the pages are called clean without being on the disk, as Linux does, so that processes go on seeing what a power cut
   * takes and no later sync brings there.
   */
  failSync(): void {
    this.#changes = [];
  }

  /**
   * What the disk may hold after the power went: nothing of what was not synced, everything, or some of the sectors, in any
   * combination, in a file that has grown by all, some or none of what it had grown.
   */
  afterCut(random: Random): Inode {
    const left = new Content(this.#synced.view(0, this.#synced.size));
    const outcome = Math.floor(random.unit() * 3);
    if (outcome === 1) for (const change of this.#changes) left.apply(change);
    if (outcome === 2) {
      for (const change of this.#changes) applySome(left, change, random);
      const grownBytes = left.size - this.#synced.size;
      if (grownBytes > 0 && random.unit() < 0.5) {
        left.resize(this.#synced.size + Math.floor(random.unit() * (grownBytes + 1)));
      }
    }
    return new Inode(left.view(0, left.size));
  }
}

/** Each sector arrives or does not. The size grows as if all had, so that what did not arrive reads as zeros. */
function applySome(content: Content, change: ContentChange, random: Random): void {
  if (change.kind === "truncate") {
    if (random.unit() < 0.5) content.apply(change);
    return;
  }
  const end = change.offset + change.bytes.length;
  content.resize(Math.max(content.size, end));
  for (let at = change.offset; at < end; ) {
    const next = Math.min(end, (Math.floor(at / sectorBytes) + 1) * sectorBytes);
    const sector = change.bytes.subarray(at - change.offset, next - change.offset);
    if (random.unit() < 0.5) content.write(at, sector);
    at = next;
  }
}
