/** The hub as the unmodified @microsoft/signalr client meets it, over real sockets. */
import { deepEqual, equal, match, rejects } from "node:assert/strict";
import { test } from "node:test";
import {
  type HubConnection as Client,
  HttpTransportType,
  HubConnectionBuilder,
  LogLevel,
} from "@microsoft/signalr";
import { HubError } from "../src/index.ts";
import { listenHub } from "./listening-hub.ts";

/** Connects a client and stops it at the end of the scope. */
async function connect(
  url: string,
  options: { reconnect?: boolean; skipNegotiation?: boolean } = {},
): Promise<AsyncDisposable & { readonly client: Client }> {
  const builder = new HubConnectionBuilder()
    .withUrl(
      url,
      options.skipNegotiation === true
        ? { skipNegotiation: true, transport: HttpTransportType.WebSockets }
        : {},
    )
    .configureLogging(LogLevel.None);
  if (options.reconnect === true) builder.withAutomaticReconnect([0, 0, 0]);
  const client = builder.build();
  await client.start();
  return { client, [Symbol.asyncDispose]: () => client.stop() };
}

/** Resolves with the arguments of the next call of the client's method. */
function nextCall(client: Client, target: string): Promise<unknown[]> {
  return new Promise((resolve) => client.on(target, (...args: unknown[]) => resolve(args)));
}

test("an invocation gets what its handler returns, with or without negotiation", async () => {
  await using listening = await listenHub();
  listening.hub.on("Add", (_connection, [a, b]) => Number(a) + Number(b));
  listening.hub.on("Later", async (_connection, args) => ({ args }));
  for (const skipNegotiation of [false, true]) {
    await using connected = await connect(listening.url, { skipNegotiation });
    equal(await connected.client.invoke("Add", 2, 3), 5);
    equal(await connected.client.invoke("aDD", 2, 3), 5, "names ignore case");
    deepEqual(await connected.client.invoke("Later", "x", null), { args: ["x", null] });
  }
});

test("a handler without a result completes with nothing, and null stays null", async () => {
  await using listening = await listenHub();
  listening.hub.on("Nothing", () => undefined);
  listening.hub.on("Null", () => null);
  await using connected = await connect(listening.url);
  equal(await connected.client.invoke("Nothing"), undefined);
  equal(await connected.client.invoke("Null"), null);
});

test("errors: the text of a HubError is told, that of any other error is not", async () => {
  await using listening = await listenHub();
  listening.hub.on("Deliberate", () => {
    throw new HubError("no such room");
  });
  listening.hub.on("Broken", async () => {
    throw new Error("the password is 1234");
  });
  listening.hub.on("Unwritable", () => 1n);
  await using connected = await connect(listening.url);
  const { client } = connected;
  const unexpected = (target: string): string =>
    `An unexpected error occurred invoking '${target}' on the server.`;
  const table: readonly [string, string][] = [
    ["Deliberate", `${unexpected("Deliberate")} HubException: no such room`],
    ["Broken", unexpected("Broken")],
    ["Unwritable", unexpected("Unwritable")],
    ["Missing", "Unknown hub method 'Missing'"],
    ["toString", "Unknown hub method 'toString'"],
  ];
  for (const [target, message] of table) await rejects(client.invoke(target), { message });
});

test("streams are not served, and say so", async () => {
  await using listening = await listenHub();
  listening.hub.on("Plain", () => 1);
  await using connected = await connect(listening.url);
  const error = await new Promise<Error>((resolve) =>
    connected.client.stream("Plain").subscribe({ next: () => {}, complete: () => {}, error: resolve }),
  );
  match(error.message, /non-streaming 'Plain' method/);
});

test("the server calls one client, and a group, and nobody who left it", async () => {
  await using listening = await listenHub();
  const { hub } = listening;
  hub.on("Join", (connection, [group]) => hub.groups.add(connection, String(group)));
  hub.on("Leave", (connection, [group]) => hub.groups.remove(connection, String(group)));
  hub.on("Greet", (connection) => connection.send("Hello", connection.id));
  await using a = await connect(listening.url);
  await using b = await connect(listening.url);

  const hello = nextCall(a.client, "hello");
  await a.client.send("Greet");
  deepEqual(await hello, [a.client.connectionId], "the client's own id is the server's");

  await a.client.invoke("Join", "blue");
  await b.client.invoke("Join", "blue");
  const heard = [nextCall(a.client, "News"), nextCall(b.client, "News")];
  hub.groups.send("blue", "News", { text: "ünïcode \u001e 🙂" }, 2);
  deepEqual(await Promise.all(heard), Array(2).fill([{ text: "ünïcode \u001e 🙂" }, 2]));

  await a.client.invoke("Leave", "blue");
  equal(hub.groups.countOf("blue"), 1);
  await b.client.stop();
  await disconnected(hub, 1);
  equal(hub.groups.countOf("blue"), 0, "a connection that ends leaves its groups");
});

/** Resolves when the hub has `count` connections left. */
function disconnected(hub: { connectionCount: number; onDisconnected(h: () => void): void }, count: number) {
  return new Promise<void>((resolve) => {
    const look = (): void => {
      if (hub.connectionCount <= count) resolve();
    };
    hub.onDisconnected(look);
    look();
  });
}

test("invocations of one client run one after the other, those of two clients side by side", async () => {
  await using listening = await listenHub();
  const begun = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  const log: string[] = [];
  listening.hub.on("Slow", async (_connection, [name]) => {
    log.push(`${name} begins`);
    if (name === "a1") {
      begun.resolve();
      await gate.promise;
    }
    log.push(`${name} ends`);
  });
  await using a = await connect(listening.url);
  await using b = await connect(listening.url);
  const first = a.client.invoke("Slow", "a1");
  const second = a.client.invoke("Slow", "a2");
  await begun.promise;
  await b.client.invoke("Slow", "b");
  deepEqual(log, ["a1 begins", "b begins", "b ends"]);
  gate.resolve();
  await Promise.all([first, second]);
  deepEqual(log.slice(3), ["a1 ends", "a2 begins", "a2 ends"]);
});

test("a client told to reconnect comes back as a new connection; one told to go stays away", async () => {
  await using listening = await listenHub();
  const { hub } = listening;
  const ids: string[] = [];
  hub.onConnected((connection) => ids.push(connection.id));
  hub.on("CloseMe", (connection, [allowReconnect]) =>
    connection.close({ error: "off you go", allowReconnect: allowReconnect === true }),
  );
  await using connected = await connect(listening.url, { reconnect: true });
  const { client } = connected;

  const back = new Promise<string | undefined>((resolve) => client.onreconnected(resolve));
  await client.send("CloseMe", true);
  const newId = await back;
  equal(ids.length, 2);
  equal(newId, ids[1]);

  const gone = new Promise<Error | undefined>((resolve) => client.onclose(resolve));
  await client.send("CloseMe", false);
  match((await gone)?.message ?? "", /Server returned an error on close: off you go/);
});

test("drain sends everybody away to come back, and takes nobody new", async () => {
  await using listening = await listenHub();
  await using connected = await connect(listening.url, { reconnect: true });
  const reconnecting = new Promise<void>((resolve) => connected.client.onreconnecting(() => resolve()));
  await listening.hub.drain();
  await reconnecting;
  equal(listening.hub.connectionCount, 0);
  await rejects(connect(listening.url), /503/);
});

test("who may come in is for `authenticate` to say, which also names the user", async () => {
  await using listening = await listenHub({
    authenticate: (request) => {
      const userId = new URL(request.url ?? "", "http://hub").searchParams.get("userId");
      return userId === null ? undefined : { userId };
    },
  });
  listening.hub.on("WhoAmI", (connection) => connection.userId);
  await using connected = await connect(`${listening.url}?userId=ann`);
  equal(await connected.client.invoke("WhoAmI"), "ann");
  await rejects(connect(listening.url), /401/);
  await rejects(connect(listening.url, { skipNegotiation: true }));
});
