/** The table of problems in docs/protocol.md has every refusal that can be met over HTTP, at its status; and what passes by itself says when. */
import { deepEqual, equal, ok } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { Refusal } from "../../../broker/api.ts";
import { retryAfterSeconds, statusByRefusal } from "../refusals.ts";

const page = readFileSync(join(import.meta.dirname, "../../../../../../docs/protocol.md"), "utf8");

/** What HTTP has no request for. */
const elsewhere: readonly Refusal[] = [
  "unknown-group",
  "unknown-member",
  "stale-generation",
  "unexpected-offset",
  "too-many-consumers",
];

test("every refusal stands in the table of problems", () => {
  const [, chapter = ""] = /\n## 8\. Problems\n([\s\S]*?)\n## /.exec(page) ?? [];
  const told = new Map<string, number>();
  for (const [, status, codes = ""] of chapter.matchAll(/^\| (\d{3}) \| (.*?) \|/gm)) {
    for (const [, code = ""] of codes.matchAll(/`([a-z0-9-]+)`/g)) told.set(code, Number(status));
  }
  ok(told.size > 20);
  for (const [refusal, status] of Object.entries(statusByRefusal)) {
    if (!elsewhere.includes(refusal as Refusal)) equal(told.get(refusal), status, refusal);
  }
});

test("every 429 and 503 says when it is worth to ask again, and nothing else does", () => {
  const passing = Object.entries(statusByRefusal)
    .filter(([, status]) => status === 429 || status === 503)
    .map(([refusal]) => refusal);
  deepEqual(Object.keys(retryAfterSeconds).sort(), passing.sort());
});
