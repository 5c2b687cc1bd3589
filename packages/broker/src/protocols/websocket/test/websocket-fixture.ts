/** `/ws` on a real broker, in virtual time, and clients that are the other end of an in-memory stream. */
import { createServer } from "node:http";
import type { Duplex } from "node:stream";
import { Access, AllowedOrigins, createLog, tokenList } from "@sluice/runtime";
import { WebSocket } from "ws";
import type { TcpServerOptions } from "../../tcp/server.ts";
import { type Fixture, openFixture } from "../../tcp/test/tcp-fixture.ts";
import { memorySockets } from "../../test/memory-socket.ts";
import { WebSocketDoor, type WebSocketDoorOptions } from "../index.ts";
import { JsonClient } from "./json-client.ts";

/** What a client says when it knocks. */
export interface Knock {
  readonly protocols?: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
  /** Whether it answers pings. Default true. */
  readonly pongs?: boolean;
}

export interface WebSocketFixture extends Omit<Fixture, "connect"> {
  readonly door: WebSocketDoor;
  /** The client's end of a connection to the port, on which nothing was said. */
  dial(): Duplex;
  /** A WebSocket that is being opened. */
  knock(options?: Knock): WebSocket;
  /** A client of `sluice.json` that is connected. */
  client(knock?: Knock): Promise<JsonClient>;
}

export interface FixtureOptions extends Pick<WebSocketDoorOptions, "limits"> {
  /** As AUTH_TOKENS has them. Default: none. */
  readonly tokens?: string;
  readonly origins?: readonly string[];
  /** Of the framed port. */
  readonly tcp?: Partial<TcpServerOptions>;
}

export async function openWebSockets({
  tokens = "",
  origins = [],
  tcp = {},
  ...options
}: FixtureOptions = {}): Promise<WebSocketFixture> {
  const parsed = tokenList("").parse(tokens);
  const port = await openFixture(tcp);
  const { broker, clock, metrics, server } = port;
  const access = new Access({ tokens: "value" in parsed ? parsed.value : [], clock });
  const door = new WebSocketDoor({
    ...{ broker, clock, metrics },
    log: createLog("warn", { write: (line) => port.warnings.push(JSON.parse(line)) }),
    access,
    origins: new AllowedOrigins(origins),
    framed: server,
    ...options,
  });
  const http = createServer();
  http.on("upgrade", (request, socket, head) => {
    socket.on("error", () => socket.destroy());
    door.upgrades.get(request.url ?? "")?.(request, socket, head);
  });
  const dial = (): Duplex => {
    const [ours, theirs] = memorySockets();
    http.emit("connection", theirs);
    return ours;
  };
  const knock = ({ protocols = [], headers = {}, pongs = true }: Knock = {}): WebSocket =>
    new WebSocket("ws://sluice.test/ws", [...protocols], {
      createConnection: () => dial() as never,
      headers,
      autoPong: pongs,
      perMessageDeflate: false,
      // Streams in memory answer before a call has returned, which makes the library forget a timer.
      ...{ closeTimeout: 50 },
    });
  return {
    ...port,
    door,
    dial,
    knock,
    client: (options) => new JsonClient(knock({ protocols: ["sluice.json"], ...options })).opened(),
    [Symbol.asyncDispose]: async () => {
      await door[Symbol.asyncDispose]();
      await port[Symbol.asyncDispose]();
    },
  };
}
