/** A WebSocket that speaks the hub protocol by hand, for what no well-behaved client does. */
import { WebSocket } from "ws";

const separator = "\x1e";
export const handshakeRecord = `{"protocol":"json","version":1}${separator}`;

export interface RawClient extends AsyncDisposable {
  readonly socket: WebSocket;
  /** Sends text as it is. */
  send(text: string): void;
  /** The next record from the server; rejects when the socket closes first. */
  next(): Promise<Record<string, unknown>>;
  /** Resolves with the close code when the socket has closed. */
  readonly closed: Promise<number>;
}

/** Connects to `ws://.../hub` without negotiation; rejects when the server refuses. No handshake is made. */
export async function connectRaw(
  httpUrl: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<RawClient> {
  const socket = new WebSocket(httpUrl.replace(/^http/, "ws"), { headers });
  const records: Record<string, unknown>[] = [];
  let wake = (): void => {};
  let isClosed = false;
  socket.on("message", (data) => {
    const text = data.toString();
    if (!text.endsWith(separator)) throw new Error("a frame ended inside a record");
    records.push(
      ...text
        .split(separator)
        .slice(0, -1)
        .map((record) => JSON.parse(record)),
    );
    wake();
  });
  const closed = new Promise<number>((resolve) => {
    socket.on("close", (code) => {
      isClosed = true;
      resolve(code);
      wake();
    });
  });
  await new Promise<void>((resolve, reject) => {
    socket.once("open", resolve);
    socket.once("error", reject);
  });
  socket.on("error", () => {});
  return {
    socket,
    closed,
    send: (text) => socket.send(text),
    next: async () => {
      while (records.length === 0) {
        if (isClosed) throw new Error("the server closed the connection");
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      return records.shift() ?? {};
    },
    [Symbol.asyncDispose]: async () => {
      socket.terminate();
      await closed;
    },
  };
}

/** Connects and shakes hands. */
export async function shakenRaw(httpUrl: string): Promise<RawClient> {
  const raw = await connectRaw(httpUrl);
  raw.send(handshakeRecord);
  await raw.next();
  return raw;
}
