/** Which texts name a field twice, whatever stands in their strings. */
import { equal } from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { repeatsNames } from "./repeated-names.ts";

const rows: readonly (readonly [text: string, repeats: boolean])[] = [
  ['{"a": 1, "a": 2}', true],
  ['{"a": 1, "\\u0061": 2}', true],
  ['{"a": {"b": 1, "b": 1}}', true],
  ['[{"a": 1}, {"a": 1, "c": [], "a": 1}]', true],
  ['{"__proto__": 1, "__proto__": 2}', true],
  ['{"a" \n\t\r : 1, "a": 2}', true],
  ['{"a": 1, "b": {"a": 1}}', false],
  ['{"a": "\\"a\\":", "b": "\\\\", "c": ":"}', false],
  ['{"a": "x\\\\\\"y", "b": "\\"a\\": 1"}', false],
  ['{"": 1, "__proto__": {"": 2}}', false],
  ['["a", "a", ":", "{\\"a\\":1,\\"a\\":2}"]', false],
  ['"a:"', false],
  ["5", false],
  ["null", false],
];

for (const [text, repeats] of rows) {
  test(`${text.replaceAll(/\s+/g, " ")} ${repeats ? "does" : "does not"}`, () => {
    equal(repeatsNames(text, JSON.parse(text)), repeats);
  });
}

test("nothing that JSON.stringify writes does, and everything does that has one field more of the same name", () => {
  fc.assert(
    fc.property(fc.json(), fc.string(), fc.nat(3), (inner, name, space) => {
      const value: unknown = JSON.parse(inner);
      const text = JSON.stringify({ [name]: value }, undefined, space);
      equal(repeatsNames(text, JSON.parse(text)), false);
      const more = `{${JSON.stringify(name)}:${inner},${text.slice(1)}`;
      equal(repeatsNames(more, JSON.parse(more)), true);
    }),
  );
});

test("deep and long texts take no time", () => {
  const deep = `${"[".repeat(5_000)}{"a":1}${"]".repeat(5_000)}`;
  equal(repeatsNames(deep, JSON.parse(deep)), false);
  const escapes = JSON.stringify({ body: '\\"'.repeat(500_000) });
  equal(repeatsNames(escapes, JSON.parse(escapes)), false);
});
