/** What every HTTP API of the project does with what is not as it should be, asked of a plugin that has three routes and nothing else. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { test } from "node:test";
import { silentLog } from "@sluice/runtime";
import Fastify, { type FastifyInstance, type InjectOptions } from "fastify";
import {
  acceptJson,
  allowOnly,
  answerErrors,
  answerNotFound,
  ProblemError,
  problem,
  sendProblem,
} from "./index.ts";

const bodyBytesMax = 100;

class Away extends Error {}

/** An app whose log's errors are kept in `errors`. */
function appOf(errors: object[] = []): FastifyInstance {
  const log = Object.create(silentLog) as typeof silentLog;
  log.error = (fields: unknown) => void errors.push(fields as object);
  const app = Fastify();
  app.setNotFoundHandler(answerNotFound);
  app.register(async (scope) => {
    acceptJson(scope, bodyBytesMax);
    answerErrors(scope, {
      bodyBytesMax,
      log,
      answer: (error, reply) =>
        error instanceof Away
          ? sendProblem(reply.header("retry-after", "1"), problem(503, "away", "Come back later."))
          : undefined,
    });
    scope.post("/echo", async (request) => ({ got: request.body }));
    scope.get("/refused", async () => {
      throw new ProblemError(problem(409, "taken", "Somebody has it.", "seat"));
    });
    scope.get("/away", async () => {
      throw new Away();
    });
    scope.get("/mistake", async () => {
      throw new TypeError("a secret of ours");
    });
    allowOnly(scope, "/echo", ["POST"]);
  });
  return app;
}

const post = (payload: string | Buffer, type = "application/json"): InjectOptions => ({
  method: "POST",
  url: "/echo",
  payload,
  headers: { "content-type": type },
});

const get = (url: string): InjectOptions => ({ method: "GET", url });

const table: readonly [string, InjectOptions, number, string, RegExp][] = [
  ["a body that is cut off", post('{"a":'), 400, "malformed-json", /not JSON/],
  ["an empty body", post(""), 400, "malformed-json", /empty/],
  ["bytes that are no text", post(Buffer.from([0x22, 0xff, 0x22])), 400, "malformed-json", /UTF-8/],
  ["a body that is too long", post(`"${"x".repeat(100)}"`), 413, "request-too-large", /100 bytes/],
  ["a form", post("a=b", "application/x-www-form-urlencoded"), 415, "unsupported-media-type", /urlencoded/],
  [
    "text without a type",
    { method: "POST", url: "/echo", payload: "x" },
    415,
    "unsupported-media-type",
    /JSON|json/,
  ],
  ["another method", get("/echo"), 405, "method-not-allowed", /GET is not possible here; POST is/],
  ["another path", get("/ecco?token=secret"), 404, "unknown-path", /nothing at GET \/ecco\.$/],
  ["a refusal", get("/refused"), 409, "taken", /^Somebody has it\.$/],
  ["what the plugin knows", get("/away"), 503, "away", /later/],
  [
    "a mistake of ours",
    get("/mistake"),
    500,
    "internal-error",
    /^The server made a mistake; its log says more\.$/,
  ],
];

test("whatever goes wrong is answered with a problem document, which nobody caches", async (t) => {
  const app = appOf();
  for (const [what, request, status, code, detail] of table) {
    await t.test(what, async () => {
      const answer = await app.inject(request);
      const body: Record<string, unknown> = answer.json();
      deepEqual(
        [answer.statusCode, body.status, body.code, body.type],
        [status, status, code, "about:blank"],
      );
      match(String(body.detail), detail);
      equal(answer.headers["content-type"], "application/problem+json");
      equal(answer.headers["cache-control"], "no-store");
    });
  }
  await app.close();
});

test("what is as it should be passes, also names that mean something to JavaScript", async () => {
  const app = appOf();
  const text = '{"__proto__":{"a":1},"b":"naïve"}';
  const answer = await app.inject(post(text));
  equal(answer.body, `{"got":${text}}`);
  await app.close();
});

test("405 says what is possible, before a body is looked at", async () => {
  const app = appOf();
  const answer = await app.inject({ method: "PUT", url: "/echo", payload: "{" });
  deepEqual([answer.statusCode, answer.headers.allow], [405, "POST"]);
  await app.close();
});

test("the field that is to blame is named; headers that the plugin adds are there", async () => {
  const app = appOf();
  equal((await app.inject(get("/refused"))).json().field, "seat");
  equal((await app.inject(get("/away"))).headers["retry-after"], "1");
  await app.close();
});

test("a mistake of ours is in the log, with its route; what clients do wrong is not", async () => {
  const errors: object[] = [];
  const app = appOf(errors);
  for (const [, request] of table) await app.inject(request);
  equal(errors.length, 1);
  const [logged] = errors as { err?: unknown; path?: string }[];
  ok(logged?.err instanceof TypeError);
  equal(logged.path, "/mistake");
  await app.close();
});
