/** A WebSocket that speaks JSON: requests with their answers, and what is pushed. As a page would write it. */
import { once } from "node:events";
import { Cut } from "../../../src/http-client.ts";

/** An answer or a push. */
export type JsonMessage = Readonly<Record<string, unknown>> & {
  readonly ok?: boolean;
  readonly code?: string;
};

const codesOfCuts = new Set(["shutting-down", "storage-failed", "cancelled"]);

export class JsonSocket {
  readonly #socket: WebSocket;
  readonly #pushed: (message: JsonMessage) => void;
  readonly #waiting = new Map<unknown, PromiseWithResolvers<JsonMessage>>();
  /** Rejects with a `Cut` when the connection ends. */
  readonly ended: Promise<never>;
  #id = 0;

  private constructor(socket: WebSocket, pushed: (message: JsonMessage) => void) {
    this.#socket = socket;
    this.#pushed = pushed;
    const ended = Promise.withResolvers<never>();
    this.ended = ended.promise;
    this.ended.catch(() => undefined);
    socket.addEventListener("message", ({ data }) => this.#read(JSON.parse(String(data)) as JsonMessage));
    socket.addEventListener("close", ({ code, reason }) =>
      ended.reject(new Cut(`the WebSocket ended with ${code} ${reason}`)),
    );
  }

  /** `pushed` is called for each message that nobody asked for. @throws Cut */
  static async open(url: string, pushed: (message: JsonMessage) => void): Promise<JsonSocket> {
    const socket = new WebSocket(url, "sluice.json");
    const opened = new JsonSocket(socket, pushed);
    await Promise.race([once(socket, "open"), opened.ended]);
    return opened;
  }

  /** The answer, whatever it says. @throws Cut */
  async ask(op: string, fields: object): Promise<JsonMessage> {
    const id = ++this.#id;
    const answer = Promise.withResolvers<JsonMessage>();
    this.#waiting.set(id, answer);
    this.#socket.send(JSON.stringify({ id, op, ...fields }));
    const found = await Promise.race([answer.promise, this.ended]);
    if (isOfCut(found)) throw new Cut(`${op} was answered ${found.code}`);
    return found;
  }

  close(): void {
    this.#socket.close();
  }

  #read(message: JsonMessage): void {
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if (waiting === undefined) this.#pushed(message);
    else waiting.resolve(message);
  }
}

/** Whether it says that the server ends. */
export const isOfCut = ({ code }: JsonMessage): boolean => codesOfCuts.has(code ?? "");
