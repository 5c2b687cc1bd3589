/**
 * What a connection has to say: frames are written here, many of them leave in one write at the end of the turn, and what was written
 * knows when the kernel has taken it. Only a little is given to the socket at a time, so that progress can be seen.
 */
import { FrameWriter } from "@sluice/protocol/full";
import type { Peer } from "../peer.ts";

export interface OutboxOptions {
  readonly peer: Peer;
  /** Called when bytes have left, and whenever the sum changed otherwise. */
  readonly changed: () => void;
}

/** Given to the socket at a time. */
const windowBytes = 256 * 1024;

/** So much is a write worth making before the turn of the loop ends. */
const eagerBytes = 64 * 1024;

interface Marker {
  /** How many bytes of the connection lie before the end of what it marks. */
  readonly endBytes: number;
  readonly handedOver: () => void;
}

export class Outbox {
  /** Frames go here; call `written` after each. */
  readonly to = new FrameWriter();
  readonly #peer: Peer;
  readonly #changed: () => void;
  /** Taken from the writer and not given to the socket. */
  #blocks: Uint8Array[] = [];
  #blockBytes = 0;
  /** Given to the socket and not taken by the kernel. */
  #socketBytes = 0;
  /** Bytes since the connection began: all, and those that the kernel has taken. */
  #totalBytes = 0;
  #handedBytes = 0;
  #markers: Marker[] = [];
  #scheduled = false;
  #closed = false;

  constructor({ peer, changed }: OutboxOptions) {
    this.#peer = peer;
    this.#changed = changed;
  }

  /** Bytes that wait to be taken by the kernel. */
  get bytes(): number {
    return this.unwrittenBytes + this.#socketBytes;
  }

  /** Those of them that were not given to the socket yet. */
  get unwrittenBytes(): number {
    return this.to.bytes + this.#blockBytes;
  }

  /** Bytes that the kernel has taken since the connection began. */
  get handedBytes(): number {
    return this.#handedBytes;
  }

  /** A frame was written. `handedOver`: called once when the kernel has taken it; never if it does not. */
  written(handedOver?: () => void): void {
    if (handedOver !== undefined) {
      this.#markers.push({ endBytes: this.#totalBytes + this.to.bytes, handedOver });
    }
    if (this.to.bytes >= eagerBytes) {
      this.#flush();
    } else if (!this.#scheduled) {
      this.#scheduled = true;
      setImmediate(() => {
        this.#scheduled = false;
        this.#flush();
      });
    }
  }

  /** Gives everything to the socket at once: the connection is about to say its last word. */
  flushAll(): void {
    this.#flush();
    if (this.#blocks.length > 0) this.#write(this.#blocks.splice(0), this.#blockBytes);
  }

  /** The socket is gone. */
  close(): void {
    this.#closed = true;
    this.#markers = [];
    this.#blocks = [];
  }

  #flush(): void {
    if (this.to.bytes > 0) {
      this.#totalBytes += this.to.bytes;
      this.#blockBytes += this.to.bytes;
      const taken = this.to.take();
      this.#blocks = this.#blocks.length === 0 ? [...taken] : this.#blocks.concat(taken);
    }
    if (this.#socketBytes > 0 || this.#blocks.length === 0 || this.#closed) return;
    let count = 0;
    let bytes = 0;
    while (count < this.#blocks.length && bytes < windowBytes)
      bytes += this.#blocks[count++]?.byteLength ?? 0;
    this.#write(this.#blocks.splice(0, count), bytes);
  }

  #write(blocks: readonly Uint8Array[], bytes: number): void {
    this.#blockBytes -= bytes;
    this.#socketBytes += bytes;
    this.#peer.write(blocks, (error) => {
      if (error || this.#closed) return;
      this.#socketBytes -= bytes;
      this.#handedBytes += bytes;
      let passed = 0;
      for (const { endBytes, handedOver } of this.#markers) {
        if (endBytes > this.#handedBytes) break;
        handedOver();
        passed++;
      }
      if (passed > 0) this.#markers = this.#markers.slice(passed);
      this.#flush();
      this.#changed();
    });
  }
}
