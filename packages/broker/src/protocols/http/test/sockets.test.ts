/** What only real connections can do: go away, stop half-way, or send too much. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, connect, type Socket } from "node:net";
import { test } from "node:test";
import { settle } from "@sluice/testkit";
import { type HttpFixture, openHttp } from "./http-fixture.ts";

async function dial(api: HttpFixture): Promise<Socket> {
  if (!api.app.server.listening) await api.app.listen({ host: "127.0.0.1", port: 0 });
  const { port } = api.app.server.address() as AddressInfo;
  const socket = connect(port, "127.0.0.1");
  await once(socket, "connect");
  return socket;
}

async function read(socket: Socket): Promise<string> {
  let text = "";
  for await (const bytes of socket.setEncoding("utf8")) text += bytes;
  return text;
}

/** Lets the loop turn until it holds: what is waited for comes from the system, not from a clock. */
async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await settle();
}

const describe = async (api: HttpFixture) => {
  const result = await api.broker.describeQueue("default");
  ok(result.ok);
  return result.description;
};

test("a client that goes away while it waits takes no message with it", async () => {
  await using api = await openHttp();
  const gone = await dial(api);
  gone.write("GET /dequeue?waitSeconds=60 HTTP/1.1\r\nHost: a\r\n\r\n");
  await until(() => api.clock.armedCount > 0);
  const armedWhileWaiting = api.clock.armedCount;
  gone.destroy();
  await until(() => api.clock.armedCount < armedWhileWaiting);
  await api.post("/enqueue", { body: "x" });
  equal((await api.dequeue())[0]?.receiveCount, 1);
});

test("a client that goes away before it has its answer gives the messages back, uncounted", async () => {
  await using api = await openHttp();
  for (let i = 0; i < 8; i++) await api.post("/enqueue", { body: "x".repeat(1024 * 1024) });
  const gone = await dial(api);
  gone.pause();
  for (let i = 0; i < 2; i++) gone.write("GET /dequeue?max=4 HTTP/1.1\r\nHost: a\r\n\r\n");
  await until(async () => (await describe(api)).inFlight > 0);
  gone.destroy();
  await until(async () => (await describe(api)).inFlight === 0);
  equal((await describe(api)).ready, 8);
  deepEqual(
    (await api.dequeue("?max=1")).map(({ receiveCount }) => receiveCount),
    [1],
  );
});

test("a half-sent request does not keep others waiting, and leaves nothing behind", async () => {
  await using api = await openHttp();
  const half = await dial(api);
  half.write(
    'POST /enqueue HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 12\r\n\r\n{"body":',
  );
  const whole = await dial(api);
  const body = '{"body":"x"}';
  whole.end(
    `POST /enqueue HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
  match(await read(whole), /^HTTP\/1\.1 201 /);
  half.destroy();
  equal((await describe(api)).ready, 1);
});

test("a client that sends too much reads why", async () => {
  await using api = await openHttp();
  const sender = await dial(api);
  sender.on("error", () => undefined);
  sender.write(
    "POST /enqueue HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 9000000\r\n\r\n",
  );
  sender.write(Buffer.alloc(9_000_000, "x"));
  let text = "";
  sender.setEncoding("utf8").on("data", (part: string) => {
    text += part;
  });
  await new Promise((resolve) => sender.once("close", resolve));
  match(text, /^HTTP\/1\.1 413 /);
  match(text, /"code":"request-too-large"/);
});
