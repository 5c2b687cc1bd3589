/** docs/protocol.md speaks of every route and of none that is not there, and its examples could be sent and answered as they stand. */
import { deepEqual, equal, ok } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { createMetrics } from "@sluice/runtime";
import { VirtualClock } from "@sluice/testkit";
import { Compile } from "typebox/compile";
import { openBroker } from "../../test/open-broker.ts";
import { inProcessRoutes, type Route } from "./in-process-routes.ts";

const page = readFileSync(join(import.meta.dirname, "../../../../../../docs/protocol.md"), "utf8");
const [, chapter = ""] = /\n## 7\. HTTP\n([\s\S]*?)\n## 8\./.exec(page) ?? [];

/** Told in the chapter, and answered by the port and not by the broker's routes. */
const ofThePort = /^GET \/(healthz|ready|metrics)$/;

async function allRoutes(): Promise<readonly Route[]> {
  await using broker = await openBroker(new VirtualClock(), createMetrics());
  return await inProcessRoutes({ broker });
}

/** `GET /v1/queues/jobs` and `GET /v1/queues/<queue>` are both `GET /v1/queues/:queue`. */
function routeFor(routes: readonly Route[], request: string): Route | undefined {
  const segments = request.split("/");
  const fits = ({ name }: Route, exactly: boolean): boolean => {
    const own = name.split("/");
    return (
      own.length === segments.length &&
      own.every((segment, i) => segment === segments[i] || (!exactly && segment.startsWith(":")))
    );
  };
  return routes.find((route) => fits(route, true)) ?? routes.find((route) => fits(route, false));
}

const mentions = (text: string) => Array.from(text.matchAll(/\b(GET|POST|PUT|PATCH|DELETE) (\/[^\s`?]*)/g));

test("every request that is spoken of is there, and every one that is there is spoken of", async () => {
  const routes = await allRoutes();
  const spoken = new Set<string>();
  for (const [request] of mentions(chapter)) {
    if (ofThePort.test(request)) continue;
    const route = routeFor(routes, request);
    ok(route !== undefined, `${request} is not there`);
    spoken.add(route.name);
  }
  deepEqual(
    routes.map(({ name }) => name).filter((name) => !spoken.has(name)),
    [],
  );
});

/** The JSON that begins at the first brace of the text, as far as its braces go. */
function jsonAt(text: string): unknown {
  let depth = 0;
  for (let end = 1; end <= text.length; end++) {
    depth += "{[".includes(text[end - 1] ?? " ") ? 1 : "}]".includes(text[end - 1] ?? " ") ? -1 : 0;
    if (depth === 0) return JSON.parse(text.slice(0, end));
  }
  throw new SyntaxError(`no JSON: ${text.slice(0, 200)}`);
}

test("every example of a body could be sent, and every example of an answer could be one", async () => {
  const routes = await allRoutes();
  let [sent, answered] = [0, 0];
  for (const [, block = ""] of chapter.matchAll(/\n```\n([\s\S]*?)```/g)) {
    let route: Route | undefined;
    for (const line of block.matchAll(/^(?:(GET|POST|PUT|PATCH|DELETE) (\/[^\s?]*)|(\d{3}) )[^\n{]*/gm)) {
      const [whole, method, path = "", status] = line;
      const rest = block.slice(line.index + whole.length);
      if (method !== undefined) {
        route = routeFor(routes, `${method} ${path}`);
        if (!rest.startsWith("{")) continue;
        const schema = route?.schemas.body;
        ok(schema !== undefined, whole);
        ok(Compile(schema).Check(jsonAt(rest)), `${whole}${rest.slice(0, 200)}`);
        sent++;
      } else {
        equal(
          route?.wrongWith({ status: Number(status), body: jsonAt(rest) }),
          undefined,
          whole + rest.slice(0, 200),
        );
        answered++;
      }
    }
  }
  ok(sent >= 10 && answered >= 8, `${sent} bodies, ${answered} answers`);
});
