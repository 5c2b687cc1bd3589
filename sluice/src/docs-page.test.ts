/** `/docs`: a page that works without asking anybody else, and says so to the browser. */
import { deepEqual, doesNotMatch, equal, match, ok } from "node:assert/strict";
import { test } from "node:test";
import swagger from "@fastify/swagger";
import Fastify, { type FastifyInstance } from "fastify";
import { docsPage } from "./docs-page.ts";

async function openPage(): Promise<FastifyInstance> {
  const app = Fastify({ routerOptions: { ignoreTrailingSlash: true } });
  await app.register(swagger, { openapi: { openapi: "3.1.0", info: { title: "Sluice", version: "0" } } });
  app.get("/things", { schema: { summary: "All things" } }, () => []);
  await app.register(docsPage("Sluice"));
  return app;
}

test("the page has everything that it needs from this server", async () => {
  await using app = await openPage();
  for (const path of ["/docs", "/docs/"]) {
    const page = await app.inject(path);
    equal(page.statusCode, 200);
    match(String(page.headers["content-type"]), /^text\/html/);
    const policy = String(page.headers["content-security-policy"]);
    match(policy, /^default-src 'none'; script-src 'self';/);
    doesNotMatch(policy, /https?:|\*/);
    doesNotMatch(page.body, /(src|href)="(https?:)?\/\//);
    const files = Array.from(page.body.matchAll(/(?:src|href)="([^"]+)"/g), ([, file = ""]) => file);
    ok(files.length >= 5);
    for (const file of files) {
      const answer = await app.inject(new URL(file, `http://localhost${path}`).pathname);
      deepEqual([answer.statusCode, answer.headers["x-content-type-options"]], [200, "nosniff"], file);
    }
  }
});

test("the page shows the document of the port, and is not in it", async () => {
  await using app = await openPage();
  const { paths } = (await app.inject("/docs/json")).json() as { readonly paths: object };
  deepEqual(Object.keys(paths), ["/things"]);
});

test("nothing beside the files of the page can be read", async () => {
  await using app = await openPage();
  for (const path of ["/docs/static/..%2Fpackage.json", "/docs/static/%2e%2e/index.js", "/docs/static/"]) {
    ok((await app.inject(path)).statusCode >= 400, path);
  }
});
