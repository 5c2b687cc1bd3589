/**
 * What a connection has to say: messages in order, of which only a little is given to the socket at a time, so that progress can be
 * seen and what was not sent is known. It counts in bytes and knows no bound: whoever fills it looks at `bytes`.
 */
import type { WebSocket } from "ws";

/** Given to the socket at a time. */
const windowBytes = 256 * 1024;

interface Waiting {
  readonly message: Buffer;
  readonly handedOver: (() => void) | undefined;
}

export class TextOutbox {
  readonly #webSocket: WebSocket;
  readonly #changed: () => void;
  #waiting: Waiting[] = [];
  #waitingBytes = 0;
  /** Given to the socket, and not taken by the kernel. */
  #socketBytes = 0;
  #handedBytes = 0;
  #scheduled = false;
  #closed = false;

  /** `changed`: called when bytes have left. */
  constructor(webSocket: WebSocket, changed: () => void) {
    this.#webSocket = webSocket;
    this.#changed = changed;
  }

  /** Bytes that wait to be taken by the kernel. */
  get bytes(): number {
    return this.#waitingBytes + this.#socketBytes;
  }

  /** Bytes that the kernel has taken since the connection began. */
  get handedBytes(): number {
    return this.#handedBytes;
  }

  /** `handedOver`: called once when the kernel has taken it; never if it does not. Returns how many bytes it is. */
  add(text: string, handedOver?: () => void): number {
    if (this.#closed) return 0;
    const message = Buffer.from(text);
    this.#waiting.push({ message, handedOver });
    this.#waitingBytes += message.length;
    if (!this.#scheduled) {
      this.#scheduled = true;
      setImmediate(() => {
        this.#scheduled = false;
        this.#flush();
      });
    }
    return message.length;
  }

  /** Gives everything to the socket at once: the connection is about to say its last word. */
  flushAll(): void {
    this.#give(this.#waiting.length);
  }

  /** The socket is gone. */
  close(): void {
    this.#closed = true;
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#socketBytes = 0;
  }

  #flush(): void {
    if (this.#socketBytes > 0 || this.#closed) return;
    let count = 0;
    for (let bytes = 0; count < this.#waiting.length && bytes < windowBytes; count++) {
      bytes += this.#waiting[count]?.message.length ?? 0;
    }
    this.#give(count);
  }

  #give(count: number): void {
    const given = this.#waiting.splice(0, count);
    given.forEach(({ message, handedOver }, i) => {
      this.#waitingBytes -= message.length;
      this.#socketBytes += message.length;
      this.#webSocket.send(message, { binary: false }, (error) => {
        if (error || this.#closed) return;
        this.#socketBytes -= message.length;
        this.#handedBytes += message.length;
        handedOver?.();
        if (i < given.length - 1) return;
        this.#flush();
        this.#changed();
      });
    });
  }
}
