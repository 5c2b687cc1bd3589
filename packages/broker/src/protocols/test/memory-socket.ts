/** Two ends of a connection in memory that behave as sockets do: each direction has a kernel buffer, an end and a reset. */
import { Duplex } from "node:stream";

type Taken = (error?: Error | null) => void;

/** What the kernel takes from a writer before the reader has read any of it. */
const kernelBytesMax = 64 * 1024;

/** What one read of the system returns at most. */
const readBytesMax = 16 * 1024;

class MemorySocket extends Duplex {
  #peer: MemorySocket | undefined;
  readonly #received: Uint8Array[] = [];
  #receivedBytes = 0;
  #receivedEnd = false;
  #wanted = false;
  /** The peer's write that waits for room in the kernel buffer. */
  #held: Taken | undefined;

  constructor() {
    super({ allowHalfOpen: true });
  }

  connect(peer: MemorySocket): void {
    this.#peer = peer;
  }

  override _read(): void {
    this.#wanted = true;
    this.#deliver();
  }

  override _write(chunk: Uint8Array, _encoding: string, taken: Taken): void {
    if (this.#peer === undefined || this.#peer.destroyed) taken(reset());
    else this.#peer.#receive(chunk, taken);
  }

  override _final(done: Taken): void {
    if (this.#peer !== undefined) {
      this.#peer.#receivedEnd = true;
      this.#peer.#deliver();
    }
    done();
  }

  override _destroy(error: Error | null, done: Taken): void {
    this.#held?.(reset());
    this.#held = undefined;
    const peer = this.#peer;
    const orderly = this.writableFinished && this.readableEnded;
    if (peer !== undefined && !orderly) setImmediate(() => peer.destroy(reset()));
    done(error);
  }

  #receive(chunk: Uint8Array, taken: Taken): void {
    for (let at = 0; at < chunk.length; at += readBytesMax) {
      this.#received.push(chunk.subarray(at, at + readBytesMax));
    }
    this.#receivedBytes += chunk.length;
    this.#held = taken;
    this.#deliver();
  }

  #deliver(): void {
    while (this.#wanted && this.#received.length > 0) {
      const chunk = this.#received.shift();
      this.#receivedBytes -= chunk?.length ?? 0;
      this.#wanted = this.push(chunk);
    }
    if (this.#receivedEnd && this.#wanted && this.#received.length === 0) {
      this.#wanted = false;
      this.push(null);
    }
    const held = this.#held;
    if (held === undefined || this.#receivedBytes > kernelBytesMax) return;
    this.#held = undefined;
    process.nextTick(held);
  }
}

const reset = (): Error =>
  Object.assign(new Error("The peer closed the connection."), { code: "ECONNRESET" });

export function memorySockets(): [Duplex, Duplex] {
  const [one, other] = [new MemorySocket(), new MemorySocket()];
  one.connect(other);
  other.connect(one);
  return [one, other];
}
