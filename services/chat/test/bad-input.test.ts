/** Whatever is wrong with a request, the answer has the chat's one form, a fitting status, and names what is wrong. */
import { deepEqual, equal, match } from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  conversations,
  freshGround,
  type Ground,
  groupOfThree,
  type RunningChat,
  sendText,
  startChat,
  textOf,
} from "./running-chat.ts";

let ground: Ground;
let chat: RunningChat;

before(async () => {
  ground = await freshGround();
  chat = await startChat(ground);
  await chat.post(conversations, groupOfThree);
});

after(async () => {
  await chat[Symbol.asyncDispose]();
  await ground[Symbol.asyncDispose]();
});

interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly message: RegExp;
}

async function refused(
  what: string,
  request: {
    readonly method: "GET" | "POST" | "PUT" | "DELETE";
    readonly url: string;
    readonly payload?: string | Buffer;
    readonly headers?: object;
  },
  expected: Refusal,
): Promise<void> {
  const { payload, headers = {} } = request;
  const answer = await chat.server.inject({
    method: request.method,
    url: request.url,
    headers: { ...(payload !== undefined && { "content-type": "application/json" }), ...headers },
    ...(payload !== undefined && { payload }),
  });
  const { code, message } = answer.json().error;
  deepEqual([answer.statusCode, answer.json().success, code], [expected.status, false, expected.code], what);
  match(message, expected.message, what);
  match(answer.headers["content-type"] ?? "", /^application\/json/, what);
}

const post = (url: string, body: unknown) =>
  ({
    method: "POST",
    url,
    payload: typeof body === "string" || Buffer.isBuffer(body) ? body : JSON.stringify(body),
  }) as const;

const invalid = (message: RegExp): Refusal => ({ status: 400, code: "invalid-request", message });

test("messages that cannot be accepted", async () => {
  const table: readonly [string, unknown, Refusal][] = [
    ["no body", "{}", invalid(/conversationId/)],
    ["a list", [], invalid(/the body/)],
    ["null", "null", invalid(/the body/)],
    ["cut off", '{"conversationId":"c1"', { status: 400, code: "malformed-json", message: /not JSON/ }],
    ["empty", "", { status: 400, code: "malformed-json", message: /not JSON/ }],
    [
      "no UTF-8",
      Buffer.from(JSON.stringify(textOf("naïve")), "latin1"),
      { status: 400, code: "malformed-json", message: /not valid UTF-8/ },
    ],
    ["content missing", { ...textOf(""), content: undefined }, invalid(/content/)],
    ["content a number", { ...textOf(""), content: 5 }, invalid(/^content: /)],
    ["content empty", textOf(""), invalid(/^content: /)],
    ["content blank", textOf(" \n\t"), invalid(/^content: /)],
    ["content too long", textOf("ä".repeat(8193)), invalid(/^content: has more than 16384 bytes/)],
    [
      "half a character",
      '{"conversationId":"c1","senderId":"ann","senderName":"A","content":"\\ud83d"}',
      invalid(/^content: /),
    ],
    ["sender with a space", textOf("x", { senderId: "ann smith" }), invalid(/^senderId: /)],
    ["sender too long", textOf("x", { senderId: "a".repeat(129) }), invalid(/^senderId: /)],
    ["sender name blank", textOf("x", { senderName: " " }), invalid(/^senderName: /)],
    ["mentions no list", textOf("x", { mentions: "bob" }), invalid(/^mentions: /)],
    ["a mention no name", textOf("x", { mentions: ["bob", 7] }), invalid(/^mentions\.1: /)],
    ["too many mentions", textOf("x", { mentions: Array(101).fill("bob") }), invalid(/^mentions: /)],
    ["reply to a number", textOf("x", { replyToId: 1 }), invalid(/^replyToId: /)],
    ["client message id empty", textOf("x", { clientMessageId: "" }), invalid(/^clientMessageId: /)],
    ["conversation id with a slash", textOf("x", { conversationId: "a/b" }), invalid(/^conversationId: /)],
    [
      "unknown conversation",
      textOf("x", { conversationId: "c9" }),
      { status: 404, code: "unknown-conversation", message: /'c9'/ },
    ],
    [
      "not a member",
      textOf("x", { senderId: "eve" }),
      { status: 403, code: "not-a-member", message: /'eve'/ },
    ],
    [
      "too large",
      textOf("x".repeat(300_000)),
      { status: 413, code: "body-too-large", message: /262144 bytes/ },
    ],
  ];
  for (const [what, body, expected] of table) await refused(what, post(sendText, body), expected);
  const history = await chat.get(`${conversations}/c1/messages`);
  deepEqual(history.body.data.messages, [], "nothing of it was stored");
});

test("conversations that cannot be created", async () => {
  const table: readonly [string, unknown, Refusal][] = [
    ["type missing", { members: ["ann"] }, invalid(/type/)],
    ["type unknown", { type: "broadcast", members: ["ann"] }, invalid(/^type: /)],
    ["no members", { type: "group", members: [] }, invalid(/^members: /)],
    ["members twice", { type: "group", members: ["ann", "ann"] }, invalid(/^members: /)],
    ["a member no name", { type: "group", members: ["ann", ""] }, invalid(/^members\.1: /)],
    [
      "too many",
      { type: "group", members: Array.from({ length: 1001 }, (_, i) => `u${i}`) },
      invalid(/^members: /),
    ],
    ["direct of three", { type: "direct", members: ["ann", "bob", "cleo"] }, invalid(/^members: a direct/)],
    ["class without its id", { type: "class", members: ["ann"] }, invalid(/^classId: /)],
    ["group with a class", { type: "group", classId: "7b", members: ["ann"] }, invalid(/^classId: /)],
    ["id empty", { conversationId: "", type: "group", members: ["ann"] }, invalid(/^conversationId: /)],
    ["id a number", { conversationId: 5, type: "group", members: ["ann"] }, invalid(/^conversationId: /)],
    [
      "taken",
      { ...groupOfThree, members: ["ann", "bob"] },
      { status: 409, code: "conversation-differs", message: /'c1'/ },
    ],
    [
      "taken, other type",
      { ...groupOfThree, type: "class", classId: "7b" },
      { status: 409, code: "conversation-differs", message: /'c1'/ },
    ],
  ];
  for (const [what, body, expected] of table) await refused(what, post(conversations, body), expected);
});

test("reads that find nothing, or ask wrongly", async () => {
  const unknown: Refusal = { status: 404, code: "unknown-conversation", message: /There is no conversation/ };
  const table: readonly [string, Refusal][] = [
    [`${conversations}/c9`, unknown],
    [`${conversations}/c9/messages`, unknown],
    [`${conversations}/%D0%B0`, unknown],
    [`${conversations}/c1/messages?limit=0`, invalid(/^limit: /)],
    [`${conversations}/c1/messages?limit=201`, invalid(/^limit: /)],
    [`${conversations}/c1/messages?limit=ten`, invalid(/^limit: /)],
    [`${conversations}/c1/messages?limit=5&limit=6`, invalid(/^limit: /)],
    [`${conversations}/c1/messages?before=-1`, invalid(/^before: /)],
    [`${conversations}/c1/messages?before=1.5`, invalid(/^before: /)],
  ];
  for (const [url, expected] of table) await refused(url, { method: "GET", url }, expected);
});

test("paths, methods and media types that do not exist here", async () => {
  const notFound: Refusal = { status: 404, code: "not-found", message: /^There is no [A-Z]+ \/api\/v1\// };
  const table: readonly ["GET" | "PUT" | "DELETE", string][] = [
    ["GET", sendText],
    ["PUT", `${conversations}/c1`],
    ["DELETE", `${conversations}/c1/messages`],
    ["GET", `${conversations}/c1/members/ann?x=1`],
    ["GET", "/api/v1/messages/"],
    ["GET", `${conversations}/${"x".repeat(300)}`],
  ];
  for (const [method, url] of table) await refused(`${method} ${url}`, { method, url }, notFound);
  const text = { ...post(sendText, "hello"), headers: { "content-type": "text/plain" } };
  await refused("text", text, { status: 415, code: "unsupported-media-type", message: /application\/json/ });
});

test("a conversation may be created again, and gets a name of its own when it has none", async () => {
  const again = await chat.post(conversations, {
    ...groupOfThree,
    members: ["cleo", "ann", "bob"],
    classId: null,
  });
  deepEqual([again.status, again.body.data.members], [200, ["ann", "bob", "cleo"]]);
  equal(again.headers.get("sluice-durability"), "synced");
  const nameless = { type: "direct", members: ["ann", "bob"] };
  const [one, other] = [await chat.post(conversations, nameless), await chat.post(conversations, nameless)];
  deepEqual([one.status, other.status], [201, 201]);
  equal(one.body.data.conversationId === other.body.data.conversationId, false);
  deepEqual((await chat.get(`${conversations}/${one.body.data.conversationId}`)).body, one.body);
});

test("pages of allowed origins may ask, with a preflight; others get no permission", async () => {
  const preflight = (origin: string) =>
    chat.server.inject({
      method: "OPTIONS",
      url: sendText,
      headers: { origin, "access-control-request-method": "POST" },
    });
  const allowed = await preflight("https://school.example");
  equal(allowed.statusCode, 204);
  equal(allowed.headers["access-control-allow-origin"], "https://school.example");
  match(String(allowed.headers["access-control-allow-headers"]), /content-type/);
  equal((await preflight("https://evil.example")).headers["access-control-allow-origin"], undefined);
  const read = await chat.server.inject({
    url: `${conversations}/c1`,
    headers: { origin: "https://school.example" },
  });
  equal(read.headers["access-control-allow-origin"], "https://school.example");
});
