/** A classic consumer that only counts: bytes go into one buffer that is never looked at, so that reading costs as little as it can. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { encodeFrame } from "@sluice/protocol";

const readBytes = 256 * 1024;

export class FrameConsumer implements Disposable {
  readonly #socket: Socket;
  readonly #onBytes: () => void;
  receivedBytes = 0;

  private constructor(port: number, onBytes: () => void) {
    this.#onBytes = onBytes;
    const callback = (bytes: number): boolean => {
      this.receivedBytes += bytes;
      this.#onBytes();
      return true;
    };
    const onread = { buffer: Buffer.allocUnsafe(readBytes), callback };
    this.#socket = connect({ host: "127.0.0.1", port, onread });
  }

  /** Connects and says its role, for example `CONSUMER queue=bench`. `onBytes` is called after each read. */
  static async open(port: number, role: string, onBytes: () => void): Promise<FrameConsumer> {
    const consumer = new FrameConsumer(port, onBytes);
    await once(consumer.#socket, "connect");
    consumer.#socket.write(encodeFrame(Buffer.from(role)));
    return consumer;
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }
}
