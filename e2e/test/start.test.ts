/** How a process starts, says what is wrong, and stops. */
import { deepEqual, equal, match, notEqual, ok, rejects } from "node:assert/strict";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { dataDirectory } from "../src/data-directory.ts";
import { HttpClient } from "../src/http-client.ts";
import { RawHttp } from "../src/raw-http.ts";
import { SluiceProcess } from "../src/sluice-process.ts";

/** Starts a process that cannot start. Resolves with what it says. */
async function startInVain(environment: Readonly<Record<string, string>>): Promise<string> {
  await using process = SluiceProcess.spawn(environment);
  await rejects(process.addresses(), "it is not to start");
  const { code } = await process.ended();
  const text = process.errors.join("\n");
  equal(code, 1, text);
  ok(!/^\s+at /m.test(text), `a sentence, not a stack trace: ${text}`);
  return text;
}

async function enqueue(http: HttpClient, body: string): Promise<void> {
  equal((await http.post("/enqueue", { queue: "jobs", body })).status, 201);
}

async function dequeue(http: HttpClient): Promise<string[]> {
  const { body } = await http.get<{ messages: { body: string }[] }>("/dequeue?queue=jobs&max=100");
  return body.messages.map((message) => message.body);
}

test("every wrong setting is named at once, with what it may be", async () => {
  await using data = await dataDirectory();
  const wrong = {
    HTTP_PORT: ["80000", "a whole number from 0 to 65535"],
    TCP_PORT: ["-1", "a whole number from 0 to 65535"],
    MAX_CONSUMERS: ["many", "a whole number from 1 to 100000"],
    DELIVERY_MODE: ["sometimes", "broadcast or queue"],
    AUTO_CREATE: ["yes", "true or false"],
    MEMORY_BUDGET_BYTES: ["lots", "a number of bytes such as"],
    REDIS_URL: ["redis://127.0.0.1", "no value: this version does not have it yet"],
  };
  const given = Object.fromEntries(Object.entries(wrong).map(([name, [value = ""]]) => [name, value]));
  const text = await startInVain({ DATA_DIR: join(data.path, "new"), ...given });
  for (const [name, [value, expected]] of Object.entries(wrong)) {
    ok(text.includes(`${name}=${value} is not possible: expected ${expected}`), `${name} in ${text}`);
  }
  deepEqual(await readdir(data.path), [], "nothing was begun");
});

test("a host that others can reach needs INSECURE=true", async () => {
  await using data = await dataDirectory();
  match(await startInVain({ DATA_DIR: data.path, HOST: "0.0.0.0" }), /HOST=0\.0\.0\.0 .*INSECURE=true/);
});

test("a data directory that cannot be one", async () => {
  await using data = await dataDirectory();
  await writeFile(join(data.path, "file"), "");
  const below = await startInVain({ DATA_DIR: join(data.path, "file", "data") });
  match(below, /DATA_DIR .*file\/data cannot be made/);
  await mkdir(join(data.path, "blocked"));
  await writeFile(join(data.path, "blocked", "journal"), "");
  match(await startInVain({ DATA_DIR: join(data.path, "blocked") }), /blocked\/journal/);
});

test("a process in the way of others, seen from all sides", async (t) => {
  await using data = await dataDirectory();
  await using other = await dataDirectory();
  await using first = await SluiceProcess.start({ DATA_DIR: data.path, ALLOWED_HOSTS: "sluice.example" });
  const { http: url, chat: chatUrl, tcpPort } = await first.addresses();
  const http = new HttpClient(url);
  await enqueue(http, "before");

  await t.test("a second process on the same data names the first", async () => {
    const text = await startInVain({ DATA_DIR: data.path });
    ok(text.includes(data.path) && text.includes(String(first.pid)), text);
  });

  await t.test("a port in use is named with its setting, and no lock is left behind", async () => {
    const ports = {
      HTTP_PORT: Number(new URL(url).port),
      CHAT_HTTP_PORT: Number(new URL(chatUrl).port),
      TCP_PORT: tcpPort,
    };
    for (const [name, port] of Object.entries(ports)) {
      const text = await startInVain({ DATA_DIR: other.path, [name]: String(port) });
      match(text, new RegExp(`Port ${port} on 127\\.0\\.0\\.1 is in use.*; ?${name} chooses another`));
      const names = await readdir(join(other.path, "journal"));
      deepEqual(
        names.filter((each) => each.endsWith(".lock")),
        [],
      );
    }
  });

  await t.test("the first one has noticed nothing", async () => {
    await enqueue(http, "after");
    deepEqual(await dequeue(http), ["before", "after"]);
  });

  for (const base of [url, chatUrl]) {
    await t.test(`${base === url ? "HTTP_PORT" : "CHAT_HTTP_PORT"} tells how the process is`, async () => {
      deepEqual((await new HttpClient(base).get("/healthz")).body, { status: "ok" });
      deepEqual((await new HttpClient(base).get("/ready")).body, { ready: true, reasons: [] });
      equal((await new HttpClient(base).get<{ openapi: string }>("/openapi.json")).body.openapi, "3.1.0");
      const metrics = await fetch(`${base}/metrics`);
      match(metrics.headers.get("content-type") ?? "", /^text\/plain/);
      match(await metrics.text(), /^sluice_\w+(\{.*\})? \d/m);
    });

    await t.test(
      `${base === url ? "HTTP_PORT" : "CHAT_HTTP_PORT"} answers to names that it knows`,
      async () => {
        const port = Number(new URL(base).port);
        const ask = async (path: string, host: string, more: string): Promise<number> =>
          (await RawHttp.ask(port, `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n${more}\r\n`)).status;
        const close = "Connection: close\r\n";
        equal(await ask("/healthz", "evil.example", close), 421);
        equal(await ask("/healthz", `sluice.example:${port}`, close), 200);
        equal(await ask("/healthz", `LOCALHOST:${port}`, close), 200);
        const key = `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${"A".repeat(22)}==\r\n`;
        const upgrade = `Connection: Upgrade\r\nUpgrade: websocket\r\n${key}`;
        equal(await ask("/hubs/chat", "evil.example", upgrade), 421);
      },
    );
  }

  await t.test("the first page leads everywhere", async () => {
    const page = await fetch(url);
    match(page.headers.get("content-type") ?? "", /^text\/html/);
    const links = [...(await page.text()).matchAll(/href="([^"#]+)"/g)].map(([, link = ""]) => link);
    notEqual(links.length, 0);
    for (const link of links) equal((await fetch(new URL(link, url))).status, 200, link);
  });

  await t.test("a request that is never finished does not keep SIGTERM from ending well", async () => {
    await using stuck = await RawHttp.open(Number(new URL(url).port));
    stuck.write(halfRequest);
    deepEqual(await first.stop("SIGTERM"), { code: 0, signal: null });
    equal(first.log.at(-1)?.msg, "stopped");
  });
});

test("a second SIGTERM ends it at once", async () => {
  await using data = await dataDirectory();
  const process = await SluiceProcess.start({ DATA_DIR: data.path });
  await using stuck = await RawHttp.open(Number(new URL((await process.addresses()).http).port));
  stuck.write(halfRequest);
  process.signal("SIGTERM");
  await process.logged("stopping");
  deepEqual(await process.stop("SIGTERM"), { code: 1, signal: null });
  equal(process.log.at(-1)?.msg, "asked again to stop: ending at once");
});

const halfRequest =
  "POST /enqueue HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{";
