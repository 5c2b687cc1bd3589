/**
 * Bytes in, payloads out: cuts a stream at its frame borders, wherever the network has cut it before.
 * A payload that lies whole in one chunk is a view of it; only a payload that is split is copied.
 */
import { frameHeaderBytes } from "./frame-limits.ts";

/** The peer announced a payload that is longer than this end takes. Known from the length alone; nothing of it was held. */
export interface FrameTooLarge {
  readonly code: "frame-too-large";
  /** What the peer announced, in bytes. */
  readonly frameBytes: number;
  readonly frameBytesMax: number;
}

const nothing = new Uint8Array(0);

/**
 * Reads frames (4-byte big-endian length, then the payload). Total: no input throws, and at most `frameBytesMax` bytes
 * are held for a frame that is not there yet, in a buffer that grows with what has arrived and not with what was announced.
 */
export class FrameReader {
  readonly #frameBytesMax: number;
  #fault: FrameTooLarge | undefined;
  #headerCount = 0;
  #frameBytes = 0;
  #held: Uint8Array = nothing;
  #heldBytes = 0;

  /** `frameBytesMax`: longest payload that is accepted, in bytes. */
  constructor(frameBytesMax: number) {
    this.#frameBytesMax = frameBytesMax;
  }

  /** Set once a frame was too large. There is no way to find the next border, so the connection is to end. */
  get fault(): FrameTooLarge | undefined {
    return this.#fault;
  }

  /** Bytes of a frame that has begun and is not complete: 0 at a frame border, so an end of the stream there is a clean one. */
  get partialBytes(): number {
    return this.#headerCount + this.#heldBytes;
  }

  /**
   * Takes the next bytes and returns the payloads that they complete, in order. After a fault it takes nothing more and
   * returns nothing; the payloads before the fault in the same chunk are returned.
   * The payloads may be views of `chunk`: whoever keeps them must not change it.
   */
  push(chunk: Uint8Array): Uint8Array[] {
    const payloads: Uint8Array[] = [];
    let at = 0;
    while (at < chunk.length && this.#fault === undefined) {
      if (this.#headerCount < frameHeaderBytes) {
        at = this.#readHeader(chunk, at);
        if (this.#headerCount < frameHeaderBytes) break;
        if (this.#frameBytes > this.#frameBytesMax) {
          this.#fault = {
            code: "frame-too-large",
            frameBytes: this.#frameBytes,
            frameBytesMax: this.#frameBytesMax,
          };
          break;
        }
      }
      const end = at + this.#frameBytes - this.#heldBytes;
      if (this.#heldBytes === 0 && end <= chunk.length) {
        payloads.push(chunk.subarray(at, end));
        this.#atBorder();
      } else {
        this.#hold(chunk.subarray(at, end));
        if (this.#heldBytes === this.#frameBytes) {
          payloads.push(this.#held);
          this.#atBorder();
        }
      }
      at = end;
    }
    return payloads;
  }

  #readHeader(chunk: Uint8Array, from: number): number {
    let at = from;
    while (at < chunk.length && this.#headerCount < frameHeaderBytes) {
      this.#frameBytes = this.#frameBytes * 256 + (chunk[at++] ?? 0);
      this.#headerCount++;
    }
    return at;
  }

  #atBorder(): void {
    this.#headerCount = 0;
    this.#frameBytes = 0;
    this.#held = nothing;
    this.#heldBytes = 0;
  }

  /** Doubling keeps a peer that sends byte by byte cheap; the cap makes the buffer of a complete frame exactly its length. */
  #hold(part: Uint8Array): void {
    const neededBytes = this.#heldBytes + part.length;
    if (neededBytes > this.#held.length) {
      const grown = new Uint8Array(
        Math.min(this.#frameBytes, Math.max(neededBytes, this.#held.length * 2, 64)),
      );
      grown.set(this.#held.subarray(0, this.#heldBytes));
      this.#held = grown;
    }
    this.#held.set(part, this.#heldBytes);
    this.#heldBytes = neededBytes;
  }
}
