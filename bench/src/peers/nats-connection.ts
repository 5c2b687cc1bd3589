/** The protocol of NATS core over a socket, as far as a publisher and a subscriber that counts need it. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { PeerFailure } from "./peer-failure.ts";

const usualPort = 4222;
const readBytes = 256 * 1024;
/** Of what should not have come, for the fault. */
const excerptBytes = 100;
const [lineEnd, letterM, letterP] = ["\r\n", 0x4d, 0x50];
const ping = `PING${lineEnd}`;
const pong = `PONG${lineEnd}`;

/** What comes for a subscription: `MSG <subject> <id> <bytes>`, the payload, a line end. All are equally long here. */
export const natsMessageBytes = (subject: string, subscription: number, payloadBytes: number): number =>
  `MSG ${subject} ${subscription} ${payloadBytes}${lineEnd}`.length + payloadBytes + lineEnd.length;

export const natsPublish = (subject: string, payload: string): Buffer =>
  Buffer.from(`PUB ${subject} ${Buffer.byteLength(payload)}${lineEnd}${payload}${lineEnd}`);

export class NatsConnection implements Disposable {
  readonly #socket: Socket;
  readonly #failure: PeerFailure;
  #onBytes: (bytes: Uint8Array) => void = () => {};

  private constructor(socket: Socket, onBytes: (take: (bytes: Uint8Array) => void) => void) {
    this.#socket = socket;
    this.#failure = new PeerFailure("NATS", socket);
    onBytes((bytes) => this.#onBytes(bytes));
  }

  /** `nats://[user:password@]host[:port]`. `interest` is said behind CONNECT (`SUB ...`); resolves when the server has taken it. */
  static async open(url: string, interest = ""): Promise<NatsConnection> {
    const { hostname: host, port, username, password } = new URL(url);
    let take = (_: Uint8Array): void => {};
    // One buffer for everything that is read: nobody keeps it, and a new one for each read would be most of the work.
    const buffer = Buffer.allocUnsafe(readBytes);
    const callback = (count: number): boolean => {
      take(buffer.subarray(0, count));
      return true;
    };
    const socket = connect({
      host,
      port: Number(port || usualPort),
      noDelay: true,
      onread: { buffer, callback },
    });
    const connection = new NatsConnection(socket, (taker) => {
      take = taker;
    });
    const user =
      password === "" ? {} : { user: decodeURIComponent(username), pass: decodeURIComponent(password) };
    const greeted = connection.#pongs();
    await once(socket, "connect");
    const options = { verbose: false, pedantic: false, lang: "node", version: "0", ...user };
    socket.write(`CONNECT ${JSON.stringify(options)}${lineEnd}${interest}${ping}`);
    await Promise.race([greeted, connection.failed]);
    connection.countMessages(0, () => {});
    return connection;
  }

  /** Rejects once anything came that should not have; never resolves. */
  get failed(): Promise<never> {
    return this.#failure.failed;
  }

  fail(what: string): void {
    this.#failure.fail(what);
  }

  /** Returns whether more may be written at once; if not, `onDrain` is called when it may. */
  write(bytes: Uint8Array, onDrain: () => void): boolean {
    const hasRoom = this.#socket.write(bytes);
    if (!hasRoom) this.#socket.once("drain", onDrain);
    return hasRoom;
  }

  /** Steps from message to message, each `messageBytes` long, and tells how many became whole with each read. */
  countMessages(messageBytes: number, onMessages: (count: number) => void): void {
    /** Bytes still to come of what has begun, and how many messages that is. */
    let [left, begun] = [0, 0];
    this.#onBytes = (bytes) => {
      let at = left;
      let whole = 0;
      while (at < bytes.length) {
        whole += begun;
        begun = 0;
        const letter = bytes[at];
        if (letter === letterM && messageBytes > 0) {
          at += messageBytes;
          begun = 1;
        } else if (letter === letterP) {
          at += ping.length;
          this.#socket.write(pong);
        } else {
          this.fail(`there came ${Buffer.from(bytes.subarray(at, at + excerptBytes)).toString()}`);
          return;
        }
      }
      left = at - bytes.length;
      if (left === 0) {
        whole += begun;
        begun = 0;
      }
      if (whole > 0) onMessages(whole);
    };
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }

  /** Resolves at the answer to the first PING, behind whatever the server says of itself before. */
  #pongs(): Promise<void> {
    let said = "";
    return new Promise((resolve) => {
      this.#onBytes = (bytes) => {
        said += Buffer.from(bytes).toString("latin1");
        if (said.includes("-ERR")) this.fail(`there came ${said}`);
        if (said.endsWith(pong)) resolve();
      };
    });
  }
}
