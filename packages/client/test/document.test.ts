/** The examples of docs/client.md that are marked `run` do what they say, each on a real server: `expression;  // => value` is compared. */
import { deepEqual, ok } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { Client } from "../src/index.ts";
import { RestartableServer } from "./restartable-server.ts";

const page = readFileSync(join(import.meta.dirname, "../../../docs/client.md"), "utf8");
const examples = [...page.matchAll(/### ([^\n]*)\n+```ts run\n(.*?)```/gs)];

type Example = (client: Client, same: (found: unknown, said: unknown) => void) => Promise<void>;

/** The example as a function. It is JavaScript: no example of a page declares a type. */
function compiled(code: string): Example {
  const compared = code.replace(/^(.+?);\s*\/\/ => (.*)$/gm, "same($1, $2);");
  const AsyncFunction = (async () => undefined).constructor as new (...parts: string[]) => Example;
  return new AsyncFunction("client", "same", compared);
}

ok(examples.length >= 4, "the page has examples to run");

for (const [, heading, code = ""] of examples) {
  test(`the example under "${heading}"`, async () => {
    await using server = new RestartableServer();
    await server.start();
    await using client = await server.connect();
    let comparedCount = 0;
    await compiled(code)(client, (found, said) => {
      deepEqual(found, said);
      comparedCount++;
    });
    ok(comparedCount > 0, "the example says what comes of it");
  });
}
