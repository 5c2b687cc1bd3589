/** A broker that runs alone: all of a broker is there, nothing of the services is, not even in memory; and its data stays everybody's. */
import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { dataDirectory } from "../src/data-directory.ts";
import { FramedSocket } from "../src/framed-socket.ts";
import { HttpClient } from "../src/http-client.ts";
import { SluiceProcess } from "../src/sluice-process.ts";

const telling = pathToFileURL(join(import.meta.dirname, "../src/loaded-modules.ts")).href;

test("PARTS=broker", async (t) => {
  await using data = await dataDirectory();
  const environment = { DATA_DIR: data.path, DELIVERY_MODE: "queue" };
  {
    await using everything = await SluiceProcess.start(environment);
    const http = new HttpClient((await everything.addresses()).http);
    equal((await http.put("/api/v1/waitroom/events/gala", { capacity: 1 })).status, 201);
    await everything.stop("SIGTERM");
  }
  {
    await using broker = await SluiceProcess.start({
      ...environment,
      PARTS: "broker",
      NODE_OPTIONS: `--import=${telling}`,
    });
    const { http: url, tcpPort } = await broker.addresses();
    const http = new HttpClient(url);

    await t.test("loads no line of the services", () => {
      const loaded = (folder: string): string[] =>
        broker.errors.filter((line) => line.startsWith("file:") && line.includes(folder));
      ok(loaded("/packages/broker/").length > 0, "what is loaded is told");
      for (const folder of ["/services/", "/packages/bus/", "/packages/signalr/"]) {
        deepEqual(loaded(folder), []);
      }
    });

    await t.test("serves queues over HTTP and over TCP", async () => {
      equal((await http.post("/enqueue", { queue: "jobs", body: "over HTTP" })).status, 201);
      await using consumer = await FramedSocket.open(tcpPort);
      consumer.send(["CONSUMER queue=jobs"]);
      deepEqual(await consumer.frames(), ["over HTTP"]);
    });

    await t.test("is ready, and tells its health and its metrics", async () => {
      deepEqual((await http.get("/healthz")).body, { status: "ok" });
      deepEqual((await http.get("/ready")).body, { ready: true, reasons: [] });
      match(await (await fetch(`${url}/metrics`)).text(), /^sluice_messages_total\{operation="send"\} 1$/m);
    });

    await t.test("has neither routes nor a page nor a port for the services", async () => {
      const { body } = await http.get<{ paths: Record<string, unknown> }>("/openapi.json");
      ok("/enqueue" in body.paths);
      deepEqual(
        Object.keys(body.paths).filter((path) => path.startsWith("/api/")),
        [],
      );
      equal((await http.post("/api/v1/waitroom/join", { event_id: "gala", user_id: "ann" })).status, 404);
      const page = await (await fetch(url)).text();
      match(page, /Queues and topics/);
      equal(/waiting room|chat/i.test(page), false, page);
      equal("chat" in (await broker.logged("ready")), false);
    });

    await t.test("keeps what the services own from others all the same", async () => {
      const { status, body } = await http.post<{ code: string }>("/publish", {
        topic: "waitroom.records",
        body: "{}",
      });
      deepEqual([status, body.code], [403, "owned-topic"]);
      equal((await http.get("/v1/topics/waitroom.records")).status, 200);
    });

    await http.post("/enqueue", { queue: "jobs", body: "for later" });
    deepEqual(await broker.stop("SIGTERM"), { code: 0, signal: null });
  }
  await t.test("everything, started on the same data, has the room and the message", async () => {
    await using everything = await SluiceProcess.start(environment);
    const http = new HttpClient((await everything.addresses()).http);
    const { body } = await http.get<{ messages: { body: string }[] }>("/dequeue?queue=jobs");
    deepEqual(
      body.messages.map((message) => message.body),
      ["for later"],
    );
    const visitor = { event_id: "gala", user_id: "ann" };
    equal((await http.post("/api/v1/waitroom/join", visitor)).status, 201);
  });
});

test("a part that cannot be started alone is refused with a sentence", async () => {
  await using data = await dataDirectory();
  await using process = SluiceProcess.spawn({ DATA_DIR: data.path, PARTS: "chat-hub" });
  await rejects(process.addresses(), "it is not to start");
  equal((await process.ended()).code, 1);
  match(process.errors.join("\n"), /PARTS=chat-hub is not possible: .*this version cannot start chat-hub/);
});
