/** A classic producer that writes ready-made blocks of frames as fast as the socket takes them. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { encodeFrame, encodeFrames } from "@sluice/protocol";
import { bodies, messageBytes } from "./payload.ts";
import type { RoundTime } from "./round-time.ts";

/** A frame of the bench: four bytes of length and the message. */
export const frameBytes = 4 + messageBytes;

/** As many frames as one write of about 64 KiB holds. */
export const blockFrames = Math.floor((64 * 1024) / frameBytes);

export class FrameProducer implements Disposable {
  readonly #socket: Socket;
  readonly #block = encodeFrames(bodies(blockFrames));

  private constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** Connects and says its role, for example `PRODUCER queue=bench`. */
  static async open(port: number, role: string): Promise<FrameProducer> {
    const socket = connect({ host: "127.0.0.1", port, noDelay: true });
    await once(socket, "connect");
    socket.write(encodeFrame(Buffer.from(role)));
    return new FrameProducer(socket);
  }

  /** Writes blocks until the round is over, at least one. Resolves with how many frames it wrote. */
  async produce(time: RoundTime): Promise<number> {
    let frames = 0;
    do {
      frames += blockFrames;
      if (!this.#socket.write(this.#block)) await once(this.#socket, "drain");
    } while (!time.isOver);
    return frames;
  }

  /** Writes a single frame. */
  produceOne(): void {
    this.#socket.write(this.#block.subarray(0, frameBytes));
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }
}
