/** docs/protocol.md says what the codec does: its verbs with their numbers, its codes, and a beginning in bytes. */
import { deepEqual, equal, ok } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { encodeFrame } from "../../src/frame-writer.ts";
import { FrameWriter, pushVerbs, queueSettings, requestVerbs, writeHello } from "../../src/full/index.ts";
import { fullCodes } from "../../src/refusal-codes.ts";
import { joined } from "./any-field.ts";

const page = readFileSync(join(import.meta.dirname, "../../../../docs/protocol.md"), "utf8");
const chapter = page.slice(page.indexOf("\n## 10. SLUICE/1"));

test("the table of verbs", () => {
  const rows = [...chapter.matchAll(/^\| `(\w+)` \| (0x[0-9a-f]{2}) \|/gm)];
  deepEqual(Object.fromEntries(rows.map(([, verb, number]) => [verb, Number(number)])), requestVerbs);
  const pushes = [...chapter.matchAll(/\| `(\w+)` \| (0x4[0-9a-f]) \|$/gm)];
  deepEqual(
    Object.fromEntries(pushes.map(([, verb, number]) => [verb === "ERROR" ? "error" : verb, Number(number)])),
    pushVerbs,
  );
});

test("the beginning of a connection", () => {
  const [, hex = ""] = /```hello\n([^`]*)```/.exec(chapter) ?? [];
  const to = new FrameWriter();
  writeHello(to, {
    id: 1,
    major: 1,
    minor: 0,
    client: "me",
    token: "",
    producer: "",
    heartbeatMs: 0,
    wants: [],
  });
  const bytes = Buffer.concat([encodeFrame(Buffer.from("SLUICE/1")), joined(to.take())]);
  equal(hex.replace(/\s/g, ""), bytes.toString("hex"));
});

test("the table of settings", () => {
  const [, section = ""] = /### Settings of queues([^#]*)/.exec(chapter) ?? [];
  const rows = [...section.matchAll(/^\| `([\w.]+)` \| (\d+) \| (.*) \|$/gm)];
  deepEqual(
    rows.map(([, name, number, values]) => [Number(number), name, values]),
    [...queueSettings].map(([number, { name, values }]) => [number, name, values]),
  );
});

test("every code of the full protocol is explained", () => {
  for (const code of Object.keys(fullCodes)) ok(chapter.includes(`\`${code}\``), code);
});
