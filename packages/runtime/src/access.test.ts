/** Who is let in: tokens by name, guessing slowed by address, and nothing of a token in any message. */
import { deepEqual, doesNotMatch, equal, ok, throws } from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import { Access, type Clock, readSettings, type TokenHash, tokenList } from "./index.ts";

const table = { AUTH_TOKENS: tokenList("Tokens.") };
const tokensOf = (text: string): readonly TokenHash[] =>
  readSettings(table, { AUTH_TOKENS: text }).AUTH_TOKENS;

/** A clock that stands until it is told. */
function standingClock(): { clock: Clock; passMs: (ms: number) => void } {
  let monotonicMs = 0;
  const after = (): never => {
    throw new Error("no timer is needed");
  };
  const clock: Clock = { now: () => ({ wallMs: 0, monotonicMs }), after };
  return {
    clock,
    passMs: (ms) => {
      monotonicMs += ms;
    },
  };
}

function openAccess(text: string) {
  const { clock, passMs } = standingClock();
  const access = new Access({ tokens: text === "" ? [] : tokensOf(text), clock });
  const admit = (token: string | undefined, address = "10.0.0.1"): string => {
    const admission = access.admit(token, address);
    return admission.ok ? admission.principal.name : admission.reason;
  };
  return { access, admit, passMs };
}

test("a token is the name of its principal, whole and in its case", () => {
  const { access, admit } = openAccess("ann:one-token,bob:other:token,ann:second-of-ann");
  equal(access.required, true);
  const cases: readonly (readonly [string | undefined, string])[] = [
    ["one-token", "ann"],
    ["second-of-ann", "ann"],
    ["other:token", "bob"],
    [undefined, "missing-token"],
    ["", "wrong-token"],
    ["one-toke", "wrong-token"],
    ["one-token ", "wrong-token"],
    ["ONE-TOKEN", "wrong-token"],
    ["ann:one-token", "wrong-token"],
    ["x".repeat(100_000), "wrong-token"],
  ];
  for (const [token, expected] of cases) {
    equal(admit(token), expected, token);
    const known = access.check(token)?.name;
    equal(known, expected.endsWith("token") ? undefined : expected, token);
  }
});

test("without tokens everybody may do everything", () => {
  const { access, admit } = openAccess("");
  deepEqual([access.required, admit(undefined), admit("any")], [false, "anyone", "anyone"]);
  equal(access.addressCount, 0);
});

test("guessing: twenty at once, then one a second, and a right guess meanwhile looks like a wrong one", () => {
  const { admit, passMs } = openAccess("ann:right");
  for (let i = 0; i < 20; i++) equal(admit(`guess-${i}`), "wrong-token");
  for (const token of ["guess", "right"]) equal(admit(token), "too-many-attempts");
  equal(admit(undefined), "missing-token");
  equal(admit("right", "10.0.0.2"), "ann", "another address is not held back");
  passMs(999);
  equal(admit("right"), "too-many-attempts");
  passMs(1);
  equal(admit("guess"), "wrong-token");
  equal(admit("right"), "too-many-attempts");
  passMs(1_000);
  equal(admit("right"), "ann");
});

test("who was let in from an address is not shut out by a neighbour's wrong tokens", () => {
  const { admit } = openAccess("ann:right,bob:also-right");
  equal(admit("right"), "ann");
  for (let i = 0; i < 100; i++) admit("old token of a service that nobody looks after");
  deepEqual([admit("right"), admit("also-right")], ["ann", "too-many-attempts"]);
});

test("the answer says when to come back", () => {
  const { access, passMs } = openAccess("ann:right");
  for (let i = 0; i < 20; i++) access.admit("guess", undefined);
  passMs(300);
  const answer = access.admit("guess", undefined);
  equal(!answer.ok && answer.reason === "too-many-attempts" && answer.retryAfterMs, 700);
});

test("addresses of one client count as one: an IPv6 network of 64 bits, and IPv4 however it is written", () => {
  const { access } = openAccess("ann:right");
  const networks = [
    ["2001:db8:1:2::1", "2001:db8:1:2:ffff:1:2:3", "2001:db8:1:2::"],
    ["2001:db8::1", "2001:db8::2:3"],
    ["::1", "::2"],
    ["10.0.0.1", "::ffff:10.0.0.1"],
    ["10.0.0.2"],
    ["2001:db8:1:3::1"],
  ];
  networks.forEach((addresses, i) => {
    for (const address of addresses) access.admit("guess", address);
    equal(access.addressCount, i + 1, addresses.join());
  });
});

test("what is remembered of addresses is bounded", () => {
  const { access, admit } = openAccess("ann:right");
  for (let i = 0; i < 10_050; i++) admit("guess", `10.1.${i >> 8}.${i & 255}`);
  equal(access.addressCount, 10_000);
});

test("tokens that cannot be are refused without being told to anybody", () => {
  const wrong = ["secret", ":secret", "ann:", "ann: secret", "ann:se cret", "ä:secret", "ann:sécret", ","];
  for (const text of wrong) {
    throws(
      () => tokensOf(text),
      (error: Error) => {
        ok(error.message.startsWith("AUTH_TOKENS is not possible: expected name:token"), error.message);
        doesNotMatch(error.message, /secret|sécret/);
        return true;
      },
      text,
    );
  }
  throws(() => tokensOf("ann:secret,bob:secret"), /another token for bob than for ann/);
});

test("what is kept of a token does not show it", () => {
  const tokens = tokensOf("ann:hunter2-hunter2");
  doesNotMatch(inspect(tokens, { depth: 9 }) + JSON.stringify(tokens), /hunter2/);
  equal(tokens[0]?.characterCount, 15);
});
