/** The settings of a process: the example file tells the truth, and what cannot be is refused by name. */
import { equal, match, throws } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { describeSettings } from "@sluice/runtime";
import { settingsFrom, settingsTable } from "./settings.ts";

const exampleFile = join(import.meta.dirname, "../../.env.example");
const heading =
  "# Settings of Sluice. Copy this file to .env, and take away the # before what you want to change.\n" +
  "# The environment wins over the file. What is shown are the defaults.\n\n";

test(".env.example shows every setting with its default", () => {
  const expected = heading + describeSettings(settingsTable);
  equal(readFileSync(exampleFile, "utf8"), expected, `write this into .env.example:\n${expected}`);
});

test("a host beyond loopback is refused without credentials", () => {
  throws(() => settingsFrom({ HOST: "0.0.0.0" }), /HOST=0\.0\.0\.0 .*INSECURE=true/);
  throws(() => settingsFrom({ HOST: "::" }), /HOST=::/);
  equal(settingsFrom({ HOST: "0.0.0.0", INSECURE: "true" }).HOST, "0.0.0.0");
  equal(settingsFrom({ HOST: "0.0.0.0", AUTH_TOKENS: "ann:secret" }).HOST, "0.0.0.0");
  for (const HOST of ["127.0.0.1", "127.1.2.3", "localhost", "::1"]) equal(settingsFrom({ HOST }).HOST, HOST);
});

test("TLS needs a certificate and its key", () => {
  throws(() => settingsFrom({ TLS_CERT_FILE: "cert.pem" }), /TLS_CERT_FILE is given without TLS_KEY_FILE/);
  throws(() => settingsFrom({ TLS_KEY_FILE: "key.pem" }), /TLS_KEY_FILE is given without TLS_CERT_FILE/);
});

test("a setting that this version does not have is an error, not silence", () => {
  for (const name of ["CREDENTIALS_FILE", "LOG_DIR", "KAFKA_ENABLED", "REDIS_URL"]) {
    throws(() => settingsFrom({ [name]: "x" }), new RegExp(`${name}=x is not possible: expected no value`));
  }
});

test("every default can be given explicitly", () => {
  const lines = describeSettings(settingsTable)
    .split("\n")
    .flatMap((line) => /^# ([A-Z_]+)=(.+)$/.exec(line)?.slice(1) ?? []);
  const given: Record<string, string> = {};
  for (let i = 0; i < lines.length; i += 2) given[lines[i] ?? ""] = lines[i + 1] ?? "";
  equal(JSON.stringify(settingsFrom(given)), JSON.stringify(settingsFrom({})));
  match(Object.keys(given).join(), /HTTP_PORT/);
});
