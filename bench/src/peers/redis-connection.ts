/** A connection to Redis with callbacks in the order of the commands, which is the order of the replies. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { PeerFailure } from "./peer-failure.ts";
import { encodeCommand, RespError, RespReader, type RespReply } from "./resp.ts";

type OnReply = (reply: Exclude<RespReply, RespError>) => void;

const usualPort = 6379;

export class RedisConnection implements Disposable {
  readonly #socket: Socket;
  readonly #failure: PeerFailure;
  readonly #replies = new RespReader();
  /** Callbacks, and how many replies each still gets. */
  readonly #waiting: { readonly onReply: OnReply; left: number }[] = [];
  #first = 0;

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.#failure = new PeerFailure("Redis", socket);
    socket.on("data", (chunk: Buffer) => {
      for (const reply of this.#replies.push(chunk)) this.#take(reply);
    });
  }

  /** `redis://[user:password@]host[:port]` */
  static async open(url: string): Promise<RedisConnection> {
    const { hostname: host, port, username, password } = new URL(url);
    const socket = connect({ host, port: Number(port || usualPort), noDelay: true });
    await once(socket, "connect");
    const connection = new RedisConnection(socket);
    const words = [decodeURIComponent(username), decodeURIComponent(password)];
    if (password !== "") await connection.request("AUTH", ...words.filter((word) => word !== ""));
    return connection;
  }

  /** Rejects once anything came that should not have; never resolves. */
  get failed(): Promise<never> {
    return this.#failure.failed;
  }

  fail(what: string): void {
    this.#failure.fail(what);
  }

  /** Writes commands that are encoded already; `onReply` is called for each of their `count` replies. */
  write(commands: Uint8Array, count: number, onReply: OnReply): void {
    this.#waiting.push({ onReply, left: count });
    this.#socket.write(commands);
  }

  /** One command and its reply, for what is done rarely. */
  request(...words: string[]): Promise<Exclude<RespReply, RespError>> {
    const answered = new Promise<Exclude<RespReply, RespError>>((resolve) =>
      this.write(encodeCommand(words), 1, resolve),
    );
    return Promise.race([answered, this.failed]);
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }

  #take(reply: RespReply): void {
    const waiting = this.#waiting[this.#first];
    if (reply instanceof RespError) this.fail(`there came ${reply.sentence}`);
    else if (waiting === undefined) this.fail("there came a reply to nothing");
    else {
      if (--waiting.left === 0) this.#forgetFirst();
      waiting.onReply(reply);
    }
  }

  #forgetFirst(): void {
    this.#first++;
    if (this.#first < this.#waiting.length) return;
    this.#waiting.length = 0;
    this.#first = 0;
  }
}
