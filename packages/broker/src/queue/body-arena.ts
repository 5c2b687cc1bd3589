/**
 * Where the bodies lie that are in memory: together in chunks, because an object of its own for each takes about a hundred bytes, as much as a
 * short body. A chunk is written once, from its beginning to its end, and never again: a view of a body that was handed out stays right
 * whatever becomes of the message, and keeps its chunk until it is gone itself.
 *
 * A chunk goes when nothing in it lives: mostly all of it dies within a short time, because what came together leaves together. When more has died
 * than lives, what is left of sparse chunks is copied out of them. So twice of what lives is the most that is held, and at most a byte is copied
 * for each that died.
 */

/** What the arena knows of each slot. */
export interface BodyColumns {
  /** The number of the chunk; 0 when the body is not in memory. */
  readonly bodyChunk: Uint32Array;
  readonly bodyOffset: Uint16Array;
  readonly bodyBytes: Uint32Array;
}

interface Chunk {
  readonly number: number;
  readonly bytes: Uint8Array;
  /** As far as it is written. */
  usedBytes: number;
  /** Of them, those of bodies that are wanted, with what stands before each. */
  liveBytes: number;
}

/** A view keeps a whole chunk, so that one is not large, and an offset in it takes two bytes. A queue of few messages has small ones. */
const chunkBytesMax = 64 * 1024;
const chunkBytesMin = 4 * 1024;

/** More may have died than lives by so much: nothing is copied for less. */
export const slackBytes = 2 * chunkBytesMin;

/** A body of so many bytes is a chunk by itself: the end of a chunk that it does not fit in would be lost. */
export const aloneBytesMin = 8 * 1024;

/** Before each body in a chunk: slot:u32 length:u16. */
export const bodyHeaderBytes = 6;

export class BodyArena {
  readonly #columns: BodyColumns;
  /** By number. There is no number 0. */
  #chunks: (Chunk | undefined)[] = [undefined];
  /** Numbers that are free again. */
  #freed: number[] = [];
  /** The chunk that is being filled. */
  #open: Chunk | undefined;
  /** Those that are filled no further and of which less than half lives. */
  readonly #sparse = new Set<Chunk>();
  #heldBytes = 0;
  #liveBytes = 0;

  constructor(columns: BodyColumns) {
    this.#columns = columns;
  }

  /** Bytes that the chunks hold as far as they are written: bodies that live, what stands before each, and what died and has not gone yet. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Of them, those of bodies that live and what stands before each. */
  get liveBytes(): number {
    return this.#liveBytes;
  }

  /** Copies a body that is not in memory yet. One that is large, and all of its buffer, is kept as it is: it must not change any more. */
  put(slot: number, body: Uint8Array): void {
    const { bodyChunk, bodyOffset } = this.#columns;
    const { byteLength } = body;
    if (byteLength >= aloneBytesMin) {
      const chunk = this.#add(byteLength === body.buffer.byteLength ? body : new Uint8Array(body));
      this.#fill(chunk, byteLength);
      bodyChunk[slot] = chunk.number;
      bodyOffset[slot] = 0;
      return;
    }
    const entryBytes = bodyHeaderBytes + byteLength;
    let chunk = this.#open;
    while (chunk === undefined || chunk.usedBytes + entryBytes > chunk.bytes.length) {
      chunk = this.#openAnother(entryBytes);
    }
    const { bytes, usedBytes: at } = chunk;
    bytes[at] = slot;
    bytes[at + 1] = slot >>> 8;
    bytes[at + 2] = slot >>> 16;
    bytes[at + 3] = slot >>> 24;
    bytes[at + 4] = byteLength;
    bytes[at + 5] = byteLength >>> 8;
    bytes.set(body, at + bodyHeaderBytes);
    this.#fill(chunk, entryBytes);
    bodyChunk[slot] = chunk.number;
    bodyOffset[slot] = at + bodyHeaderBytes;
  }

  /** A view of the body; undefined when it is not in memory. */
  view(slot: number): Uint8Array | undefined {
    const { bodyChunk, bodyOffset, bodyBytes } = this.#columns;
    const chunk = this.#chunks[bodyChunk[slot] as number];
    if (chunk === undefined) return undefined;
    // Each chunk is all of its buffer.
    return new Uint8Array(chunk.bytes.buffer, bodyOffset[slot], bodyBytes[slot]);
  }

  /** The body is wanted no longer, if it was in memory. */
  remove(slot: number): void {
    const { bodyChunk, bodyBytes } = this.#columns;
    const chunk = this.#chunks[bodyChunk[slot] as number];
    if (chunk === undefined) return;
    bodyChunk[slot] = 0;
    const byteLength = bodyBytes[slot] as number;
    const diedBytes = byteLength >= aloneBytesMin ? byteLength : bodyHeaderBytes + byteLength;
    chunk.liveBytes -= diedBytes;
    this.#liveBytes -= diedBytes;
    if (chunk !== this.#open) this.#consider(chunk);
    if (this.#heldBytes > 2 * this.#liveBytes + slackBytes || this.#liveBytes === 0) this.#tidy();
  }

  #openAnother(entryBytes: number): Chunk {
    const full = this.#open;
    const usualBytes = Math.min(chunkBytesMax, Math.max(chunkBytesMin, this.#liveBytes / 2));
    const chunk = this.#add(new Uint8Array(Math.max(usualBytes, entryBytes)));
    this.#open = chunk;
    if (full !== undefined) this.#consider(full);
    return chunk;
  }

  /** A chunk that is filled no further may be worth nothing, or little. */
  #consider(chunk: Chunk): void {
    if (chunk.liveBytes === 0) this.#drop(chunk);
    else if (isSparse(chunk)) this.#sparse.add(chunk);
  }

  /** Gives back what is held for too little. */
  #tidy(): void {
    const open = this.#open;
    // An empty queue keeps a small chunk, so that one through which single messages pass does not need a new one for each.
    const isKept = this.#liveBytes === 0 && open !== undefined && open.bytes.length <= chunkBytesMin;
    if (open !== undefined && isSparse(open) && !isKept) {
      this.#open = undefined;
      this.#consider(open);
    }
    for (const chunk of this.#sparse) {
      if (this.#heldBytes <= 2 * this.#liveBytes + slackBytes) return;
      this.#copyOut(chunk);
      this.#drop(chunk);
    }
  }

  #copyOut({ number, bytes, usedBytes, liveBytes }: Chunk): void {
    const { bodyChunk, bodyOffset } = this.#columns;
    this.#liveBytes -= liveBytes;
    let at = 0;
    while (at < usedBytes) {
      const slot = readU16(bytes, at) + readU16(bytes, at + 2) * 2 ** 16;
      const offset = at + bodyHeaderBytes;
      at = offset + readU16(bytes, at + 4);
      if (bodyChunk[slot] === number && bodyOffset[slot] === offset)
        this.put(slot, bytes.subarray(offset, at));
    }
  }

  #add(bytes: Uint8Array): Chunk {
    const number = this.#freed.pop() ?? this.#chunks.length;
    const chunk = { number, bytes, usedBytes: 0, liveBytes: 0 };
    this.#chunks[number] = chunk;
    return chunk;
  }

  #fill(chunk: Chunk, entryBytes: number): void {
    chunk.usedBytes += entryBytes;
    chunk.liveBytes += entryBytes;
    this.#heldBytes += entryBytes;
    this.#liveBytes += entryBytes;
  }

  #drop(chunk: Chunk): void {
    const { number, usedBytes } = chunk;
    this.#sparse.delete(chunk);
    this.#heldBytes -= usedBytes;
    this.#chunks[number] = undefined;
    this.#freed.push(number);
    if (this.#freed.length < this.#chunks.length - 1) return;
    this.#chunks = [undefined];
    this.#freed = [];
  }
}

const isSparse = ({ liveBytes, usedBytes }: Chunk): boolean => liveBytes * 2 < usedBytes;

const readU16 = (bytes: Uint8Array, at: number): number =>
  (bytes[at] as number) | ((bytes[at + 1] as number) << 8);
