/** docs/events.md holds: its TypeScript is one program, and it runs. */
import { deepEqual } from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import test from "node:test";
import { promisify } from "node:util";

test("the program of docs/events.md runs and says what the page says", async () => {
  const page = await readFile(new URL("../../../docs/events.md", import.meta.url), "utf8");
  const blocks = Array.from(page.matchAll(/^```ts\n(.*?)^```$/gms), ([, code]) => code ?? "");
  const report = `
    process.stdout.write(JSON.stringify({
      order: await shipped.promise, offset, partition, durability, placeCount: receipt.places.length,
      replies: replies.map(({ reply }) => reply), sold,
    }));`;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["--input-type=module-typescript", "--eval", [...blocks, report].join("\n")],
    { cwd: new URL("..", import.meta.url) },
  );
  deepEqual(JSON.parse(stdout), {
    order: "o-1 for ada",
    offset: 0,
    partition: 5,
    durability: "memory",
    placeCount: 2,
    replies: [1, 2, "sold out"],
    sold: 2,
  });
});
