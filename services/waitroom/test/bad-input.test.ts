/** Bad input: each has a clear answer that names what is wrong, and nobody else notices. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { test } from "node:test";
import { type Request, World } from "./world.ts";

const base = "/api/v1/waitroom";
const nobody = "01234567-89ab-8003-8123-456789abcdef";

interface Case {
  readonly name: string;
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  readonly path: string;
  readonly request?: Request;
  readonly status: number;
  readonly code: string;
  /** What the sentence has to name. */
  readonly names: RegExp;
}

const join = (name: string, body: unknown, code: string, names: RegExp): Case => ({
  ...{ name, method: "POST", path: `${base}/join`, request: { body } },
  ...{ status: 400, code, names },
});

const put = (name: string, body: unknown, code: string, names: RegExp): Case => ({
  ...{ name, method: "PUT", path: `${base}/events/concert`, request: { body } },
  ...{ status: 400, code, names },
});

const cases: readonly Case[] = [
  join("no JSON", "{", "malformed-json", /JSON/),
  join("an empty body", "", "malformed-json", /empty/),
  join("bytes that are no text", Buffer.from([0x22, 0xff, 0x22]), "malformed-json", /UTF-8/),
  join("a list", [], "invalid-field", /object/),
  join("null", null, "invalid-field", /object/),
  join("nothing in it", {}, "missing-field", /event_id/),
  join("no user", { event_id: "concert" }, "missing-field", /user_id/),
  join(
    "only a poisoned prototype",
    '{"__proto__":{"event_id":"a","user_id":"b"}}',
    "missing-field",
    /event_id/,
  ),
  join(
    "a number for the user",
    { event_id: "concert", user_id: 7 },
    "invalid-field",
    /user_id must be string/,
  ),
  join("an empty user", { event_id: "concert", user_id: "" }, "invalid-field", /user_id/),
  join(
    "a user of 129 characters",
    { event_id: "concert", user_id: "x".repeat(129) },
    "invalid-field",
    /user_id.*128/,
  ),
  join("a control character", { event_id: "con\u0000cert", user_id: "ann" }, "invalid-field", /event_id/),
  join("half a surrogate pair", '{"event_id":"\\ud800","user_id":"ann"}', "invalid-field", /event_id/),
  put("no capacity", {}, "missing-field", /capacity/),
  put("a capacity in words", { capacity: "7" }, "invalid-field", /capacity must be integer/),
  put("half a slot", { capacity: 1.5 }, "invalid-field", /capacity/),
  put("a negative capacity", { capacity: -1 }, "invalid-field", /capacity/),
  put("a capacity over a million", { capacity: 1_000_001 }, "invalid-field", /capacity.*1000000/),
  {
    ...{ name: "a body that is too large", method: "POST", path: `${base}/join` },
    request: { body: { event_id: "concert", user_id: "ann", more: "x".repeat(17_000) } },
    ...{ status: 413, code: "request-too-large", names: /16384/ },
  },
  {
    ...{ name: "a body that is not JSON", method: "POST", path: `${base}/join` },
    request: { body: "event_id=concert", headers: { "content-type": "application/x-www-form-urlencoded" } },
    ...{ status: 415, code: "unsupported-media-type", names: /x-www-form-urlencoded/ },
  },
  {
    ...{ name: "an event id that is too long", method: "GET", path: `${base}/events/${"x".repeat(129)}` },
    ...{ status: 400, code: "invalid-field", names: /event_id.*128/ },
  },
  {
    ...{ name: "a room that nobody made", method: "GET", path: `${base}/events/nothing` },
    ...{ status: 404, code: "unknown-room", names: /nothing/ },
  },
  {
    ...{ name: "closing a room that nobody made", method: "DELETE", path: `${base}/events/nothing` },
    ...{ status: 404, code: "unknown-room", names: /nothing/ },
  },
  {
    ...{ name: "a session that nobody has", method: "GET", path: `${base}/sessions/${nobody}` },
    ...{ status: 404, code: "unknown-session", names: /01234567/ },
  },
  {
    ...{
      name: "a session of no partition of ours",
      method: "GET",
      path: `${base}/sessions/01234567-89ab-8fff-8123-456789abcdef`,
    },
    ...{ status: 404, code: "unknown-session", names: /8fff/ },
  },
  {
    ...{ name: "a session id that is none", method: "DELETE", path: `${base}/sessions/x'--` },
    ...{ status: 404, code: "unknown-session", names: /x'--/ },
  },
  {
    ...{ name: "a method that is not there", method: "GET", path: `${base}/join` },
    ...{ status: 405, code: "method-not-allowed", names: /POST is/ },
  },
  {
    ...{ name: "a path that leads nowhere", method: "POST", path: `${base}/jion`, request: { body: {} } },
    ...{ status: 404, code: "unknown-path", names: /POST .*jion/ },
  },
];

test("each bad request is answered with a problem that names what is wrong", async (t) => {
  await using world = await World.open();
  await world.capacity("concert", 1);
  const ann = await world.join("concert", "ann");
  for (const { name, method, path, request, status, code, names } of cases) {
    await t.test(name, async () => {
      const answer = await world.request(method, path, request);
      equal(answer.headers["content-type"], "application/problem+json");
      deepEqual({ status: answer.status, code: answer.body.code }, { status, code });
      equal(answer.body.status, status);
      const { field, ...rest } = answer.body;
      deepEqual(Object.keys(rest).sort(), ["code", "detail", "status", "title", "type"]);
      if (code === "invalid-field" && !/object/.test(names.source))
        match(names.source, new RegExp(`^${field}`));
      match(String(answer.body.detail), names);
    });
  }
  equal((await world.look(ann)).body.status, "ready");
  equal((await world.events("waitroom.records")).length, 3);
  deepEqual(
    world.logged.filter(({ level }) => level === "error"),
    [],
  );
});

test("a session shows itself to its own token only", async () => {
  await using world = await World.open();
  const ann = await world.join("concert", "ann");
  const ben = await world.join("concert", "ben");
  const path = `${base}/sessions/${ann.body.session_id}`;
  for (const method of ["GET", "DELETE"] as const) {
    const none = await world.request(method, path);
    deepEqual([none.status, none.body.code], [401, "missing-session-token"]);
    match(String(none.headers["www-authenticate"]), /^Bearer/);
    for (const token of [ben.body.session_token, "x", `${ann.body.session_token}A`, "Ü"]) {
      const wrong = await world.request(method, path, { token });
      deepEqual([wrong.status, wrong.body.code], [403, "wrong-session-token"], String(token));
    }
    const basic = await world.request(method, path, { headers: { authorization: "Basic YW5uOg==" } });
    equal(basic.status, 401);
  }
  equal((await world.look(ann)).body.status, "ready");
});

test("ids of the longest kind, in any script, pass whole", async () => {
  await using world = await World.open();
  const event_id = `/?#%"\\${"語".repeat(40)}`;
  const user_id = "🎫".repeat(128);
  const joined = await world.join(event_id, user_id);
  equal(joined.status, 201);
  equal((await world.look(joined)).body.status, "ready");
  deepEqual(
    (await world.events("QUEUE_READY")).map((each) => [each.event_id, each.user_id]),
    [[event_id, user_id]],
  );
  const room = await world.request("GET", `${base}/events/${encodeURIComponent(event_id)}`);
  equal(room.body.event_id, event_id);
});

test("while the log is away the answer is 503 with a time to try again, and the part is not ready", async () => {
  await using world = await World.open();
  const ann = await world.join("concert", "ann");
  deepEqual(world.part.readiness(), { ready: true });
  await world.part.drain();
  for (const answer of [
    await world.join("concert", "ben"),
    await world.look(ann),
    await world.capacity("concert", 1),
  ]) {
    deepEqual([answer.status, answer.body.code], [503, "state-unavailable"]);
    ok(Number(answer.headers["retry-after"]) >= 1);
  }
  equal(world.part.readiness().ready, false);
});

test("requests are counted by operation and outcome", async () => {
  await using world = await World.open();
  await world.join("concert", "ann");
  await world.join("concert", "ann");
  await world.request("DELETE", `${base}/events/nothing`);
  const text = await world.metrics.metrics();
  match(text, /sluice_waitroom_requests_total\{operation="join",outcome="created"\} 1/);
  match(text, /sluice_waitroom_requests_total\{operation="join",outcome="ok"\} 1/);
  match(text, /sluice_waitroom_requests_total\{operation="close",outcome="unknown-room"\} 1/);
});
