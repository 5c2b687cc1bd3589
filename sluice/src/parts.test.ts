/** What `PARTS` may say, and that a broker alone guards what the services own without loading them. */
import { deepEqual, equal, throws } from "node:assert/strict";
import { test } from "node:test";
import { waitroomOwnedTopics } from "@sluice/waitroom";
import { ownedTopics } from "./owned-topics.ts";
import { settingsFrom } from "./settings.ts";

for (const [given, parts] of [
  [undefined, "everything"],
  ["", "everything"],
  ["broker", "broker"],
  [" broker , broker", "broker"],
] as const) {
  test(`PARTS=${given ?? "(absent)"} starts ${parts}`, () => {
    equal(settingsFrom({ PARTS: given }).PARTS, parts);
  });
}

for (const [given, sentence] of [
  ["brokers", "expected broker, or no value for everything."],
  ["broker,", "expected broker, or no value for everything."],
  ["everything", "expected broker, or no value for everything."],
  ...[
    "waitroom-api",
    "waitroom-processor",
    "chat-api",
    "chat-worker",
    "chat-hub",
    "chat-push",
    "console",
  ].map((name) => [
    `broker,${name}`,
    `expected broker, or no value for everything: this version cannot start ${name} apart from the rest.`,
  ]),
]) {
  test(`PARTS=${given} is refused with a sentence`, () => {
    throws(() => settingsFrom({ PARTS: given }), { message: `PARTS=${given} is not possible: ${sentence}` });
  });
}

test("a broker alone knows every topic that a service owns", () => {
  deepEqual(ownedTopics, waitroomOwnedTopics);
});
