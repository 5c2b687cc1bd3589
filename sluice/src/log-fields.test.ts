/** The fields of log lines are part of the contract: docs/operations.md names every one that the code writes, and no other. */
import { deepEqual, ok } from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { logLevels } from "@sluice/runtime";

const root = join(import.meta.dirname, "../..");
const sources = ["packages", "services", "sluice"];

/** Of objects that a line spreads or is: the scan below reads names, not types. */
const spread: Readonly<Record<string, readonly string[]>> = {
  "sluice.addresses": ["http", "chat", "tcp"],
  content: ["owner", "partition", "firstOffset", "endOffset", "newestMs", "byteLength"],
  what: ["firstOffset", "endOffset", "newestMs", "byteLength"],
  tornTail: ["segment", "offset", "bytes", "sequence"],
  damage: ["segment", "offset", "bytes", "firstSequence", "appendsLost"],
  facts: ["certFile", "validFrom", "validTo"],
  where: ["queue", "sequence", "err"],
};

function* files(folder: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() && !/^(node_modules|test|dist)$/.test(entry.name)) yield* files(path);
    else if (/(?<!\.test)\.ts$/.test(entry.name)) yield path;
  }
}

/** The text from the bracket at `from` to the one that closes it. */
function bracketed(text: string, from: number): string {
  let depth = 0;
  for (let at = from; at < text.length; at++) {
    if ("({[".includes(text[at] as string)) depth++;
    if (")}]".includes(text[at] as string) && --depth === 0) return text.slice(from, at + 1);
  }
  return "";
}

/** The parts of an object literal between its commas. */
function entries(literal: string): string[] {
  const parts: string[] = [];
  let [depth, part] = [0, ""];
  for (const character of literal.slice(1, -1)) {
    if ("({[".includes(character)) depth++;
    if (")}]".includes(character)) depth--;
    if (character === "," && depth === 0) {
      parts.push(part);
      part = "";
    } else part += character;
  }
  return [...parts, part].map((each) => each.trim()).filter((each) => each !== "");
}

const call = new RegExp(
  String.raw`\b(?:#?log|request\.log)(?:\s*\?\?\s*[\w.]+\))?\s*\.(?:${logLevels.join("|")}|child)\(\s*(?=\{)`,
  "g",
);

/** The fields come from elsewhere. */
const callWithName = new RegExp(String.raw`\blog\.(?:${logLevels.join("|")})\((\w+),`, "g");

function written(): { readonly fields: ReadonlySet<string>; readonly spreads: ReadonlySet<string> } {
  const [fields, spreads] = [new Set<string>(), new Set<string>()];
  for (const source of sources) {
    for (const path of files(join(root, source))) {
      const text = readFileSync(path, "utf8").replaceAll(/\/\*[\s\S]*?\*\//g, "");
      for (const [, name = ""] of text.matchAll(callWithName)) spreads.add(name);
      for (const match of text.matchAll(call)) {
        for (const entry of entries(bracketed(text, match.index + match[0].length))) {
          const [, name] = /^(\w+)(?:\s*:|$)/.exec(entry) ?? [];
          if (name !== undefined) fields.add(name);
          else spreads.add(entry.replace(/^\.\.\./, "").trim());
        }
      }
    }
  }
  return { fields, spreads };
}

test("docs/operations.md names every field that is written to the log, and no other", () => {
  const page = readFileSync(join(root, "docs/operations.md"), "utf8");
  const [, table = ""] = /\n\| field \| what it holds \|\n\| --- \| --- \|\n((?:\|.*\n)+)/.exec(page) ?? [];
  const named = [...table.matchAll(/^\| ([^|]+) \|/gm)].flatMap(([, cell = ""]) =>
    [...cell.matchAll(/`(\w+)`/g)].map(([, name = ""]) => name),
  );
  const { fields, spreads } = written();
  ok(fields.size > 20, "the scan finds the calls");
  const known = [...spreads].flatMap((each) => spread[each] ?? [`fields of ...${each}`]);
  // The last one is the HTTP framework's, which numbers requests.
  const always = ["level", "time", "msg", "reqId"];
  deepEqual([...new Set(named)].sort(), [...new Set([...always, ...fields, ...known])].sort());
});
