/** Who may come in on the framed port when the server has tokens: the token travels in the role. */
import { equal, match } from "node:assert/strict";
import { test } from "node:test";
import { Access, readSettings, systemClock, tokenList } from "@sluice/runtime";
import { settle } from "@sluice/testkit";
import { openFixture } from "./tcp-fixture.ts";

const { AUTH_TOKENS: tokens } = readSettings(
  { AUTH_TOKENS: tokenList("Tokens.") },
  { AUTH_TOKENS: "ann:50%=sure" },
);
const openGuarded = () => openFixture({ mode: "queue", access: new Access({ tokens, clock: systemClock }) });
const right = "token=50%25%3Dsure";

for (const word of ["PRODUCER", "CONSUMER"]) {
  const refused: readonly (readonly [string, string, RegExp])[] = [
    ["no token", word, /^ERROR unauthorized .*wants a token/],
    ["no token, but a queue", `${word} queue=jobs`, /^ERROR unauthorized .*wants a token/],
    ["a wrong token", `${word} token=guess`, /^ERROR unauthorized .*does not know/],
    ["a token that is not percent-encoded as it must be", `${word} token=50%=sure`, /^ERROR malformed-role /],
    ["a wrong token and an unknown parameter", `${word} token=x color=red`, /^ERROR unauthorized /],
    ["the right token and an unknown parameter", `${word} ${right} color=red`, /^ERROR unknown-parameter /],
  ];
  for (const [name, role, expected] of refused) {
    test(`${word} with ${name} is told so, and its connection ends`, async () => {
      await using port = await openGuarded();
      const client = port.connect().send(role, "not taken");
      match((await client.next()) ?? "", expected);
      equal(await client.next(), undefined);
      const queue = await port.broker.describeQueue("default");
      equal(queue.ok && queue.description.ready, 0);
    });
  }

  test(`a bare ${word} is refused: it carries no token`, async () => {
    await using port = await openGuarded();
    match((await port.connect().write(`${word}\n`).next()) ?? "", /^ERROR unauthorized /);
  });
}

test("with the right token messages pass", async () => {
  await using port = await openGuarded();
  port.connect().send(`PRODUCER ${right} queue=jobs`, "one");
  equal(await port.connect().send(`CONSUMER queue=jobs ${right}`).next(), "one");
});

test("a role with a token is welcome on a server that needs none", async () => {
  await using port = await openFixture({ mode: "queue" });
  port.producer(" token=any").send("one");
  await settle();
  equal(await port.connect().send("CONSUMER").next(), "one");
});
