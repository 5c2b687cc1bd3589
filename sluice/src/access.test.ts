/** Who may do what over HTTP: every route of every port, without a token, with a wrong one and with the right one. */
import { deepEqual, doesNotMatch, equal, match, ok } from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { type IncomingHttpHeaders, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { createLog } from "@sluice/runtime";
import { Sluice } from "./compose.ts";
import { settingsFrom } from "./settings.ts";

/** What a route asks for. A new route does not pass this test until it stands here. */
const askedFor: Readonly<Record<string, "token" | "nothing">> = {
  "GET /": "nothing",
  "GET /healthz": "nothing",
  "GET /ready": "nothing",
  "GET /metrics": "token",
  "GET /openapi.json": "nothing",
  "GET /docs": "nothing",
  "GET /docs/json": "nothing",
  "POST /enqueue": "token",
  "GET /dequeue": "token",
  "POST /ack": "token",
  "POST /nack": "token",
  "POST /extend": "token",
  "POST /publish": "token",
  "GET /v1/queues": "token",
  "GET /v1/queues/{queue}": "token",
  "PUT /v1/queues/{queue}": "token",
  "PATCH /v1/queues/{queue}": "token",
  "DELETE /v1/queues/{queue}": "token",
  "POST /v1/queues/{queue}/purge": "token",
  "POST /v1/queues/{queue}/pause": "token",
  "POST /v1/queues/{queue}/resume": "token",
  "GET /v1/queues/{queue}/messages": "token",
  "GET /v1/queues/{queue}/messages/{messageId}": "token",
  "PATCH /v1/queues/{queue}/messages/{messageId}": "token",
  "DELETE /v1/queues/{queue}/messages/{messageId}": "token",
  "GET /v1/queues/{queue}/redrives": "token",
  "POST /v1/queues/{queue}/redrives": "token",
  "GET /v1/queues/{queue}/redrives/{redrive}": "token",
  "DELETE /v1/queues/{queue}/redrives/{redrive}": "token",
  "GET /v1/dead-letters": "token",
  "GET /v1/dead-letters/{messageId}": "token",
  "DELETE /v1/dead-letters/{messageId}": "token",
  "POST /v1/dead-letters/{messageId}/redrive": "token",
  "POST /v1/transactions": "token",
  "GET /v1/topics": "token",
  "GET /v1/topics/{topic}": "token",
  "PUT /v1/topics/{topic}": "token",
  "PATCH /v1/topics/{topic}": "token",
  "DELETE /v1/topics/{topic}": "token",
  "GET /v1/topics/{topic}/offsets": "token",
  "GET /v1/topics/{topic}/records": "token",
  "DELETE /v1/topics/{topic}/records": "token",
  "PUT /api/v1/waitroom/events/{event_id}": "token",
  "GET /api/v1/waitroom/events/{event_id}": "token",
  "DELETE /api/v1/waitroom/events/{event_id}": "token",
  "POST /api/v1/waitroom/join": "nothing",
  "GET /api/v1/waitroom/sessions/{sessionId}": "nothing",
  "DELETE /api/v1/waitroom/sessions/{sessionId}": "nothing",
  "GET /.well-known/jwks.json": "nothing",
  "POST /api/v1/conversations": "nothing",
  "GET /api/v1/conversations/{id}": "nothing",
  "GET /api/v1/conversations/{id}/messages": "nothing",
  "POST /api/v1/messages/text": "nothing",
};
/** Not in the OpenAPI document. */
const undocumented = ["GET /", "GET /openapi.json", "GET /docs", "GET /docs/json"];
/** What CHAT_HTTP_PORT has of it. */
const onChatPort = /^\w+ \/(healthz|ready|metrics|openapi\.json|docs|api\/v1\/(conversations|messages))/;

const right = "the-token-of-ann";

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** `from`: an address of this machine, so that wrong tokens of one test are not held against another. */
function ask(method: string, url: string, authorization?: string, from = "127.0.0.1"): Promise<Answer> {
  const headers = authorization === undefined ? {} : { authorization };
  return new Promise((resolve, reject) => {
    const asking = request(url, { method, headers, localAddress: from, agent: false }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (more: string) => {
        text += more;
      });
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text }),
      );
    });
    asking.on("error", reject).end();
  });
}

interface Running extends AsyncDisposable {
  readonly sluice: Sluice;
  readonly log: string[];
}

async function start(environment: Readonly<Record<string, string>>): Promise<Running> {
  const path = await mkdtemp(join(tmpdir(), "sluice-access-"));
  const ports = { HTTP_PORT: "0", TCP_PORT: "0", CHAT_HTTP_PORT: "0", JOURNAL: "memory", DATA_DIR: path };
  const log: string[] = [];
  const writer = createLog("debug", { write: (line) => log.push(line) });
  const sluice = await Sluice.start(settingsFrom({ ...ports, ...environment }), writer);
  return {
    sluice,
    log,
    [Symbol.asyncDispose]: async () => {
      await sluice.stop();
      await rm(path, { recursive: true });
    },
  };
}

test("every route asks for a token or does not, as the table says", async () => {
  await using running = await start({ AUTH_TOKENS: `bob:of-bob,ann:${right}` });
  const { http, chat } = running.sluice.addresses;
  let row = 0;
  for (const [port, url] of Object.entries({ http, chat })) {
    for (const [route, wanted] of Object.entries(askedFor)) {
      if (port === "chat" && !onChatPort.test(route)) continue;
      const from = `127.0.1.${++row}`;
      const [method = "", path = ""] = route.split(" ");
      const target = url + path.replaceAll(/\{\w+\}/g, "some-name");
      const name = `${route} on ${port}`;
      for (const authorization of [
        undefined,
        "Bearer guess",
        `Basic ${right}`,
        `Bearer ${right}x`,
        "Bearer",
      ]) {
        const answer = await ask(method, target, authorization, from);
        if (wanted === "nothing") {
          ok(!/"unauthorized"/.test(answer.text), `${name} with ${authorization}: ${answer.text}`);
          continue;
        }
        equal(answer.status, 401, `${name} with ${authorization}: ${answer.text}`);
        match(answer.headers["content-type"] ?? "", /^application\/problem\+json/);
        equal((JSON.parse(answer.text) as { code: string }).code, "unauthorized");
        const invalid = /^Bearer \S/.test(authorization ?? "") ? ', error="invalid_token"' : "";
        equal(answer.headers["www-authenticate"], `Bearer realm="sluice"${invalid}`);
      }
      for (const scheme of ["Bearer", "bearer"]) {
        const answer = await ask(method, target, `${scheme} ${right}`, from);
        ok(answer.status !== 401 && answer.status < 500, `${name}: ${answer.text}`);
      }
    }
  }
});

interface Operation {
  readonly security?: unknown;
  readonly requestBody?: { readonly required: boolean };
}

test("the table has every route that there is", async () => {
  await using running = await start({ AUTH_TOKENS: `ann:${right}` });
  const { text } = await ask("GET", `${running.sluice.addresses.http}/openapi.json`, `Bearer ${right}`);
  const { paths, components } = JSON.parse(text) as {
    readonly paths: Record<string, Record<string, Operation>>;
    readonly components: { readonly securitySchemes: unknown };
  };
  const routes = Object.entries(paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
  );
  deepEqual(
    routes.filter((route) => !route.startsWith("HEAD ")).sort(),
    Object.keys(askedFor)
      .filter((route) => !undocumented.includes(route))
      .sort(),
  );
  deepEqual(components.securitySchemes, { token: { type: "http", scheme: "bearer" } });
  deepEqual(paths["/enqueue"]?.post?.security, [{ token: [] }]);
  equal(paths["/healthz"]?.get?.security, undefined);
  equal(paths["/enqueue"]?.post?.requestBody?.required, true);
  equal(paths["/v1/queues/{queue}"]?.put?.requestBody?.required, false);
});

test("METRICS_PUBLIC opens the metrics and nothing else", async () => {
  await using running = await start({ AUTH_TOKENS: `ann:${right}`, METRICS_PUBLIC: "true" });
  for (const url of [running.sluice.addresses.http, running.sluice.addresses.chat]) {
    equal((await ask("GET", `${url}/metrics`)).status, 200);
  }
  equal((await ask("GET", `${running.sluice.addresses.http}/v1/queues`)).status, 401);
});

test("on loopback without tokens everything is open, whatever is sent", async () => {
  await using running = await start({});
  const { http } = running.sluice.addresses;
  for (const path of ["/v1/queues", "/metrics", "/openapi.json", "/"]) {
    for (const authorization of [undefined, "Bearer guess"]) {
      equal((await ask("GET", http + path, authorization)).status, 200, path);
    }
  }
});

test("guessing is slowed, and says when to come back", async () => {
  await using running = await start({ AUTH_TOKENS: `ann:${right}` });
  const url = `${running.sluice.addresses.http}/v1/queues`;
  const statuses = new Set<number>();
  let last: Answer | undefined;
  for (let i = 0; i < 1_000 && last?.status !== 429; i++) {
    last = await ask("GET", url, `Bearer ${i}`, "127.0.2.1");
    statuses.add(last.status);
  }
  deepEqual([...statuses], [401, 429]);
  equal(last?.headers["retry-after"], "1");
  equal((JSON.parse(last?.text ?? "{}") as { code: string }).code, "too-many-attempts");
  equal((await ask("GET", url, `Bearer ${right}`, "127.0.2.2")).status, 200);
});

test("no token is in the log or on the first page, and a short one is warned about by its principal's name", async () => {
  await using running = await start({ AUTH_TOKENS: `ann:${right},bob:hunter2`, LOG_LEVEL: "trace" });
  const { http } = running.sluice.addresses;
  await ask("GET", `${http}/v1/queues`, `Bearer ${right}`);
  await ask("GET", `${http}/v1/queues`, "Bearer a-wrong-guess", "127.0.2.3");
  const page = (await ask("GET", `${http}/`)).text;
  const log = running.log.join("");
  doesNotMatch(log + page, /the-token-of-ann|hunter2|a-wrong-guess/);
  match(log, /"principal":"bob".*is short/);
  doesNotMatch(log, /"principal":"ann"/);
  match(log, /"address":"127\.0\.2\.3","msg":"wrong token"/);
  match(page, /need a token of/);
  doesNotMatch(page, /sluice-access-/, "where the data lies is not for everybody");
});
