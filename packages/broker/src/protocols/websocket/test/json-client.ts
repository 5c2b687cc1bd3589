/** The client's end of a connection of `sluice.json` in a test: requests out, answers and pushes in, in the order in which they come. */
import { once } from "node:events";
import type { WebSocket } from "ws";

export type Message = Readonly<Record<string, unknown>>;

export class JsonClient {
  readonly webSocket: WebSocket;
  /** How it was closed: `1008 sentence`. */
  readonly closed: Promise<string>;
  readonly #inbox: Message[] = [];
  #wake: (() => void) | undefined;
  #isClosed = false;
  #lastId = 0;

  constructor(webSocket: WebSocket) {
    this.webSocket = webSocket;
    webSocket.on("message", (data) => {
      this.#inbox.push(JSON.parse(String(data)));
      this.#wake?.();
    });
    this.closed = new Promise((resolve) => {
      webSocket.on("close", (code, reason) => {
        this.#isClosed = true;
        this.#wake?.();
        resolve(`${code} ${reason}`.trimEnd());
      });
    });
    webSocket.on("error", () => {});
  }

  async opened(): Promise<this> {
    await once(this.webSocket, "open");
    return this;
  }

  say(message: unknown): this {
    this.webSocket.send(typeof message === "string" ? message : JSON.stringify(message));
    return this;
  }

  /** A request without waiting for its answer; returns its id. */
  tell(op: string, fields: object = {}): number {
    const id = ++this.#lastId;
    this.say({ id, op, ...fields });
    return id;
  }

  /** The answer to a request, without its id; what is pushed meanwhile stays. */
  async ask(op: string, fields: object = {}): Promise<Message> {
    return this.answer(this.tell(op, fields));
  }

  async answer(wanted: number): Promise<Message> {
    const { id, ...answer } = await this.#find((message) => message.id === wanted);
    return answer;
  }

  /** The next push. */
  push(): Promise<Message> {
    return this.#find((message) => "op" in message);
  }

  /** The next message of all. */
  next(): Promise<Message> {
    return this.#find(() => true);
  }

  /** What has come and was not looked at. */
  get arrived(): readonly Message[] {
    return this.#inbox;
  }

  async #find(wanted: (message: Message) => boolean): Promise<Message> {
    for (;;) {
      const at = this.#inbox.findIndex(wanted);
      const [found] = at === -1 ? [] : this.#inbox.splice(at, 1);
      if (found !== undefined) return found;
      if (this.#isClosed) throw new Error("The connection was closed.");
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
