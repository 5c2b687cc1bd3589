/**
 * An address that stays while the processes behind it change, as a load balancer has one: a client that reconnects by itself goes on asking
 * where it asked before. While there is nobody behind it, connections are closed at once.
 */
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

export class StableAddress implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** The port of the loopback where connections go. */
  target: number | undefined;

  private constructor() {
    this.#server = createServer((socket) => this.#forward(socket));
  }

  static async open(): Promise<StableAddress> {
    const address = new StableAddress();
    await new Promise<void>((resolve) => address.#server.listen(0, "127.0.0.1", resolve));
    return address;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #forward(socket: Socket): void {
    if (this.target === undefined) {
      socket.destroy();
      return;
    }
    const behind = connect({ host: "127.0.0.1", port: this.target });
    for (const [from, to] of [
      [socket, behind],
      [behind, socket],
    ] as const) {
      this.#sockets.add(from);
      from.on("error", () => from.destroy());
      from.on("close", () => {
        this.#sockets.delete(from);
        to.destroy();
      });
      from.pipe(to);
    }
  }
}
