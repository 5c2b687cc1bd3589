/** The client in browsers: it is bundled without a word of Node, and works in a real one, also when the server goes away and comes back. */
import { deepEqual, doesNotMatch, equal, ok } from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { startChromium, unlessMissing } from "@sluice/testbed";
import { type BuildResult, build } from "esbuild";
import type { PageProgram } from "./browser-page.ts";
import { RestartableServer } from "./restartable-server.ts";

const bundled = (entry: string): Promise<BuildResult<{ write: false; metafile: true }>> =>
  build({
    entryPoints: [join(import.meta.dirname, entry)],
    bundle: true,
    format: "esm",
    platform: "browser",
    target: "es2024",
    write: false,
    metafile: true,
    logLevel: "silent",
  });

test("a bundle for browsers holds nothing of Node, and no transport but the WebSocket", async () => {
  const { outputFiles, metafile, errors, warnings } = await bundled("../src/index.ts");
  deepEqual([errors, warnings], [[], []]);
  const [output] = outputFiles;
  ok(output);
  doesNotMatch(output.text, /node:|\bBuffer\b|\bprocess\./);
  const transports = Object.keys(metafile.inputs).filter((path) => path.includes("/transports/"));
  deepEqual(
    transports.map((path) => path.split("/").at(-1)),
    ["websocket.ts", "network-browser.ts"],
  );
});

/** Where the page keeps what the test asks it for. */
declare const program: PageProgram;

test("a page connects, sends, works, hears, and goes on after restarts", { timeout: 60_000 }, async (t) => {
  const browser = await unlessMissing(startChromium, (why) => t.skip(why));
  if (browser === undefined) return;
  try {
    await using server = new RestartableServer("ws");
    const { outputFiles } = await bundled("browser-page.ts");
    server.page = `<!doctype html><title>jobs</title><script type="module">${outputFiles[0]?.text}</script>`;
    await server.start();
    const page = await browser.newPage();
    const problems: string[] = [];
    page.on("pageerror", (error) => problems.push(error.message));
    await page.goto(server.origin);
    const worked = (text: string) => page.waitForFunction((each) => program.worked.has(each), text);
    const send = (text: string) => page.evaluate((each) => program.send(each), text);
    await page.waitForFunction(() => "program" in globalThis);
    await Promise.all([send("first"), worked("first")]);
    for (let round = 0; round < 20; round++) {
      const text = `round ${round}`;
      await server.stop(round % 5 === 0 ? "drain" : "cut");
      await server.start();
      await Promise.all([send(text), worked(text)]);
    }
    equal(await page.evaluate(() => program.worked.size), 21);
    await page.waitForFunction(async () => {
      await program.publish("news");
      return program.heard.includes("news");
    });
    ok((await page.evaluate(() => program.states)).filter((state) => state === "connected").length > 10);
    // Larger than a message of the transport, there and back.
    const large = "ä".repeat(400_000);
    await Promise.all([send(large), worked(large)]);
    await page.evaluate(() => program.close());
    deepEqual(problems, []);
  } finally {
    await browser.close();
  }
});
