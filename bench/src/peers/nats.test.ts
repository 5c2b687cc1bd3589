/** What a subscriber counts, against a server that says what NATS says, in pieces. */
import { equal, match, rejects } from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { type TestContext, test } from "node:test";
import { NatsConnection, natsMessageBytes, natsPublish } from "./nats-connection.ts";

const info = 'INFO {"server_id":"x"}\r\n';
const message = "MSG s 1 2\r\nab\r\n";

/** A connection, and the server's end of it after the greeting. */
async function connected(t: TestContext): Promise<{ connection: NatsConnection; server: Socket }> {
  const listening = createServer().listen({ host: "127.0.0.1", port: 0 });
  await once(listening, "listening");
  const accepted = once(listening, "connection");
  const opened = NatsConnection.open(
    `nats://127.0.0.1:${(listening.address() as AddressInfo).port}`,
    "SUB s 1\r\n",
  );
  const [server] = (await accepted) as [Socket];
  server.setNoDelay();
  server.write(info);
  const [said] = (await once(server, "data")) as [Buffer];
  match(said.toString(), /^CONNECT \{"verbose":false.*\}\r\nSUB s 1\r\nPING\r\n$/);
  server.write("PONG\r\n");
  const connection = await opened;
  t.after(() => {
    connection[Symbol.dispose]();
    server.destroy();
    listening.close();
  });
  return { connection, server };
}

test("the lengths of what is written and what comes", () => {
  equal(natsPublish("s", "ab").toString(), "PUB s 2\r\nab\r\n");
  equal(natsMessageBytes("s", 1, 2), message.length);
});

test("messages are counted when they are whole, and a ping between them is answered", async (t) => {
  const { connection, server } = await connected(t);
  const stream = `${message}${message}PING\r\n${message}PING\r\n${message}`;
  let count = 0;
  const all = Promise.withResolvers<void>();
  connection.countMessages(message.length, (more) => {
    count += more;
    if (count >= 8) all.resolve();
  });
  const pongs: Buffer[] = [];
  server.on("data", (chunk: Buffer) => pongs.push(chunk));
  for (const byte of stream) {
    server.write(byte);
    await new Promise((resolve) => setImmediate(resolve));
  }
  server.write(stream);
  await Promise.race([all.promise, connection.failed]);
  equal(count, 8);
  while (Buffer.concat(pongs).length < 4 * "PONG\r\n".length) await once(server, "data");
  equal(Buffer.concat(pongs).toString(), "PONG\r\n".repeat(4));
});

test("an error ends the rounds on a connection", async (t) => {
  const { connection, server } = await connected(t);
  connection.countMessages(message.length, () => {});
  server.write("-ERR 'Slow Consumer'\r\n");
  await rejects(connection.failed, { code: "peer-failed", message: /Slow Consumer/ });
});
