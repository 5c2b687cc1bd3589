/** A process with tokens and TLS on all three ports, and the clients that it is for: fetch, framed TCP and the SignalR client. */
import { deepEqual, equal, match, notEqual, ok, rejects } from "node:assert/strict";
import { once } from "node:events";
import { copyFile } from "node:fs/promises";
import { connect as connectPlain } from "node:net";
import { type TestContext, test } from "node:test";
import { connect, getCACertificates, setDefaultCACertificates, type TLSSocket } from "node:tls";
import { HttpTransportType, HubConnectionBuilder, LogLevel } from "@microsoft/signalr";
import { Client } from "@sluice/client";
import { type Certificate, Certificates } from "../src/certificate.ts";
import { dataDirectory } from "../src/data-directory.ts";
import { FramedSocket } from "../src/framed-socket.ts";
import { type Addresses, SluiceProcess } from "../src/sluice-process.ts";

const token = "a-token-of-some-length";
const authorization = `Bearer ${token}`;

interface Guarded extends AsyncDisposable {
  readonly process: SluiceProcess;
  readonly addresses: Addresses;
  readonly certificate: Certificate;
  readonly certificates: Certificates;
  /** The ports by what they are called. */
  readonly ports: Readonly<Record<string, number>>;
}

/** A process with one token and a certificate that this process trusts; undefined when the test is skipped. */
async function start(t: TestContext): Promise<Guarded | undefined> {
  const certificates = await Certificates.open(t);
  if (certificates === undefined) return undefined;
  await using opened = new AsyncDisposableStack();
  opened.use(certificates);
  const data = opened.use(await dataDirectory());
  const certificate = await certificates.make("one");
  trust(certificate);
  const { certFile: TLS_CERT_FILE, keyFile: TLS_KEY_FILE } = certificate;
  const process = opened.use(
    await SluiceProcess.start({
      DATA_DIR: data.path,
      DELIVERY_MODE: "queue",
      AUTH_TOKENS: `ann:${token}`,
      TLS_CERT_FILE,
      TLS_KEY_FILE,
    }),
  );
  const addresses = await process.addresses();
  const [http, chat] = [new URL(addresses.http), new URL(addresses.chat)];
  const ports = {
    HTTP_PORT: Number(http.port),
    CHAT_HTTP_PORT: Number(chat.port),
    TCP_PORT: addresses.tcpPort,
  };
  const all = opened.move();
  return {
    process,
    addresses,
    certificate,
    certificates,
    ports,
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

/** Has every TLS client of this process trust it, as an operator does with NODE_EXTRA_CA_CERTS. */
function trust({ pem }: Certificate): void {
  setDefaultCACertificates([...getCACertificates("default"), pem]);
}

async function secure(port: number, options: object = {}): Promise<TLSSocket> {
  const socket = connect({ host: "127.0.0.1", port, ...options });
  await once(socket, "secureConnect");
  return socket;
}

test("tokens and TLS on all three ports", async (t) => {
  await using guarded = await start(t);
  if (guarded === undefined) return;
  const { addresses, ports, process, certificates, certificate } = guarded;

  await t.test("fetch over HTTPS, with and without the token", async () => {
    for (const base of [addresses.http, addresses.chat]) {
      match(base, /^https:/);
      equal((await fetch(`${base}/healthz`)).status, 200);
      equal((await fetch(`${base}/metrics`)).status, 401);
      equal((await fetch(`${base}/metrics`, { headers: { authorization } })).status, 200);
    }
    const headers = { authorization, "content-type": "application/json" };
    const body = JSON.stringify({ queue: "jobs", body: "over TLS" });
    equal((await fetch(`${addresses.http}/enqueue`, { method: "POST", headers, body })).status, 201);
    match(await (await fetch(`${addresses.http}/dequeue?queue=jobs`, { headers })).text(), /over TLS/);
    match(await (await fetch(addresses.http)).text(), /curl https:\/\/127\.0\.0\.1/);
  });

  await t.test("framed TCP: frames come and go, and a producer is heard to its end", async () => {
    await using producer = FramedSocket.over(await secure(ports.TCP_PORT ?? 0));
    producer.send([`PRODUCER token=${token}`, "one", "x".repeat(1_000_000)]);
    producer.end();
    deepEqual(await producer.rest(), []);
    equal(producer.fault, undefined);
    await using late = FramedSocket.over(await secure(ports.TCP_PORT ?? 0));
    late.send([`PRODUCER token=${token} queue=other`, "one"]);
    late.write("\0\0\0\x09cut off");
    late.end();
    match((await late.rest()).join(), /^ERROR incomplete-frame /, "said after the sync of what came before");
    await using consumer = FramedSocket.over(await secure(ports.TCP_PORT ?? 0));
    consumer.send([`CONSUMER token=${token}`]);
    const heard: string[] = [];
    while (heard.length < 2) heard.push(...(await consumer.frames()));
    deepEqual([heard[0], heard[1]?.length], ["one", 1_000_000]);
    await using stranger = FramedSocket.over(await secure(ports.TCP_PORT ?? 0));
    stranger.send(["CONSUMER"]);
    match((await stranger.rest()).join(), /^ERROR unauthorized /);
  });

  await t.test("the client of SLUICE/1 says its token in hello", async () => {
    const options = { addresses: [`tls://127.0.0.1:${ports.TCP_PORT}`], tls: { ca: certificate.pem } };
    for (const wrong of [{}, { token: `${token}r` }]) {
      await rejects(Client.connect({ ...options, ...wrong }), { code: "unauthorized" });
    }
    await using client = await Client.connect({ ...options, token });
    const queue = client.queue("full");
    equal((await queue.send("over SLUICE/1")).durability, "synced");
    const [delivery] = await queue.receive({ waitMs: 10_000 });
    equal(delivery?.text(), "over SLUICE/1");
  });

  await t.test("the same over WSS, which trusts whom the process trusts", async () => {
    const web = { addresses: [`wss://127.0.0.1:${ports.HTTP_PORT}`] };
    await rejects(Client.connect(web), { code: "unauthorized" });
    await rejects(Client.connect({ ...web, tls: { ca: certificate.pem } }), { code: "invalid-address" });
    await using client = await Client.connect({ ...web, token });
    const queue = client.queue("web");
    equal((await queue.send("over WSS")).durability, "synced");
    const [delivery] = await queue.receive({ waitMs: 10_000 });
    equal(delivery?.text(), "over WSS");
  });

  for (const base of [addresses.http, addresses.chat]) {
    await t.test(
      `the SignalR client over WSS at ${base === addresses.http ? "HTTP_PORT" : "CHAT_HTTP_PORT"}`,
      async () => {
        const members = ["ann", "bob"];
        const headers = { "content-type": "application/json" };
        const post = async (path: string, content: object): Promise<number> =>
          (await fetch(base + path, { method: "POST", headers, body: JSON.stringify(content) })).status;
        const conversationId = `over-${new URL(base).port}`;
        ok((await post("/api/v1/conversations", { conversationId, type: "group", members })) < 300);
        const client = new HubConnectionBuilder()
          .withUrl(`${base}/hubs/chat?userId=bob`, { transport: HttpTransportType.WebSockets })
          .configureLogging(LogLevel.None)
          .build();
        const heard = new Promise<{ content: string }>((resolve) => client.on("MessageReceived", resolve));
        await client.start();
        await client.invoke("Join", conversationId);
        const message = { conversationId, senderId: "ann", senderName: "Ann", content: "hi", mentions: [] };
        equal(await post("/api/v1/messages/text", message), 202);
        equal((await heard).content, "hi");
        await client.stop();
      },
    );
  }

  for (const [name, port] of Object.entries(ports)) {
    for (const plain of [
      "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n",
      "PRODUCER\n",
      "\0\0\0\x08PRODUCER",
    ]) {
      await t.test(
        `${name} ends a client that sends ${JSON.stringify(plain.slice(0, 9))} without TLS`,
        async () => {
          const socket = connectPlain({ host: "127.0.0.1", port });
          let text = "";
          socket.setEncoding("latin1").on("data", (more: string) => {
            text += more;
          });
          socket.write(plain);
          // An error, such as a reset, would reject.
          await once(socket, "end");
          ok(!/HTTP|ERROR/.test(text), `nothing in the clear: ${JSON.stringify(text)}`);
          socket.destroy();
        },
      );
    }

    await t.test(`${name} speaks no TLS older than 1.2`, async () => {
      await rejects(
        secure(port, { minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: "ALL:@SECLEVEL=0" }),
        {
          code: "ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION",
        },
      );
      equal((await secure(port, { maxVersion: "TLSv1.2" })).destroy().destroyed, true);
    });
  }

  await t.test("SIGHUP shows a new certificate to new connections, and ends none", async () => {
    const before = await Promise.all(Object.values(ports).map((port) => secure(port)));
    await using consumer = FramedSocket.over(await secure(ports.TCP_PORT ?? 0));
    consumer.send([`CONSUMER queue=kept token=${token}`]);

    const second = await certificates.make("second");
    await copyFile(second.certFile, certificate.certFile);
    process.signal("SIGHUP");
    await process.logged("the certificate stays as it was");
    const shown = async (port: number): Promise<string> => {
      const socket = await secure(port, { rejectUnauthorized: false });
      const { subject } = socket.getPeerCertificate();
      socket.destroy();
      return String(subject.CN);
    };
    for (const port of Object.values(ports)) equal(await shown(port), "one", "the key did not fit");

    await copyFile(second.keyFile, certificate.keyFile);
    process.signal("SIGHUP");
    await process.logged("certificate read again");
    for (const port of Object.values(ports)) equal(await shown(port), "second");

    trust(second);
    const headers = { authorization, "content-type": "application/json" };
    const body = JSON.stringify({ queue: "kept", body: "still here" });
    equal((await fetch(`${addresses.http}/enqueue`, { method: "POST", headers, body })).status, 201);
    deepEqual(await consumer.frames(), ["still here"]);
    for (const socket of before) {
      equal(socket.destroyed, false);
      socket.destroy();
    }
  });

  await t.test("SIGTERM ends well although a client is stuck in its handshake", async () => {
    const stuck = await Promise.all(
      Object.values(ports).map(async (port) => {
        const socket = connectPlain({ host: "127.0.0.1", port });
        await once(socket, "connect");
        socket.write(Buffer.from([0x16, 3, 1, 2, 0]));
        return socket.on("error", () => {});
      }),
    );
    const tokenLines = process.log.filter((line) => JSON.stringify(line).includes(token));
    deepEqual(await process.stop("SIGTERM"), { code: 0, signal: null });
    notEqual(process.log.at(-1), undefined);
    deepEqual(tokenLines, []);
    for (const socket of stuck) socket.destroy();
  });
});

test("a process does not start with files that do not fit each other", async (t) => {
  await using certificates = await Certificates.open(t);
  if (certificates === undefined) return;
  await using data = await dataDirectory();
  const [one, other] = [await certificates.make("one"), await certificates.make("other")];
  await using process = SluiceProcess.spawn({
    DATA_DIR: data.path,
    TLS_CERT_FILE: one.certFile,
    TLS_KEY_FILE: other.keyFile,
  });
  equal((await process.ended()).code, 1);
  match(process.errors.join("\n"), /TLS_KEY_FILE .*other-key\.pem is not the key of .*TLS_CERT_FILE/);
});
