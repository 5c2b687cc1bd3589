/** A client can be written from docs/protocol.md: its grammar alone reads every frame that the codec writes, and finds in it what was said. */
import { deepEqual, ok } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { changes, payloadHeaderBytes } from "../../src/full/index.ts";
import { payloadOf, type Sample } from "./any-field.ts";
import { clientFrames } from "./client-frames.ts";
import { grammarOf, readBy, type Value } from "./grammar.ts";
import { serverFrames } from "./server-frames.ts";

const page = readFileSync(join(import.meta.dirname, "../../../../docs/protocol.md"), "utf8");
const grammar = grammarOf(page.slice(page.indexOf("\n## 10. SLUICE/1")));

/** Frames that the page tells of in words. */
const ruleOf: Record<string, string | undefined> = {
  refused: "refusal",
  createdQueue: "created",
  createdTopic: "created",
};
for (const verb of changes) ruleOf[`changed by ${verb}`] = "changed";
const bare = new Set(["ping", "pong"]);

/** What the codec calls a field of the page: `wait-ms` is `waitMs`, `published-at` is `publishedAtMs`. */
function property(name: string, frame: Readonly<Record<string, unknown>>): unknown {
  const camel = name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
  const found = [camel, `${camel}Ms`, `${camel}Max`, `${camel}Count`].find((one) => one in frame);
  return found === undefined ? undefined : frame[found];
}

/** Whether both are a number, or both a text; a field that is absent says nothing about its place. */
function agree(value: Value, said: unknown): boolean | undefined {
  const wanted = said === Number.POSITIVE_INFINITY ? Number.MAX_SAFE_INTEGER : said;
  if (typeof wanted !== typeof value || value instanceof Uint8Array || value === undefined) return undefined;
  return value === wanted;
}

let compared = 0;

for (const [name, samples] of Object.entries<fc.Arbitrary<Sample>>({ ...clientFrames, ...serverFrames })) {
  test(`the page reads ${name}`, () => {
    fc.assert(
      fc.property(samples, ({ write, expected }) => {
        const body = payloadOf(write).subarray(payloadHeaderBytes);
        if (bare.has(name)) return void deepEqual(body.length, 0);
        for (const [field, value] of readBy(grammar, ruleOf[name] ?? name, body)) {
          const agreed = agree(value, property(field, expected as Readonly<Record<string, unknown>>));
          if (agreed !== undefined) compared++;
          ok(agreed !== false, `${field} of ${name} is in its place`);
        }
      }),
      { numRuns: 60 },
    );
  });
}

test("and found in them what was said, field by field", () => {
  ok(compared > 3_000, `${compared} fields were compared`);
});
