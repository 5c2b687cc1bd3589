/**
 * The structure, as a test: who may import whom, and the tidy rules that a reviewer would otherwise repeat.
 * Where it stands in the way of something right, change the table together with a decision record.
 */
import { deepEqual, ok } from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { test } from "node:test";

const root = import.meta.dirname;

/** What the source of a place may import besides itself. A place is the longest prefix that fits. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  "packages/runtime": [],
  "packages/protocol": [],
  "packages/broker/src/queue": ["packages/broker/src/topic"],
  "packages/broker/src/topic": ["packages/broker/src/queue"],
  "packages/broker/src/producer": ["packages/broker/src/queue"],
  "packages/broker/src/journal": ["packages/runtime"],
  "packages/broker/src/broker": [
    "packages/runtime",
    "packages/broker/src/queue",
    "packages/broker/src/topic",
    "packages/broker/src/producer",
    "packages/broker/src/journal",
  ],
  "packages/http-edge": ["packages/runtime"],
  "packages/broker/src/protocols": ["packages/runtime", "packages/protocol", "packages/broker/src/broker"],
  "packages/broker/src/protocols/http": [
    "packages/runtime",
    "packages/http-edge",
    "packages/broker/src/broker",
  ],
  "packages/broker/src/protocols/websocket": [
    "packages/runtime",
    "packages/http-edge",
    "packages/protocol",
    "packages/broker/src/broker",
    "packages/broker/src/protocols",
  ],
  "packages/broker/src": [
    "packages/broker/src/broker",
    "packages/broker/src/queue",
    "packages/broker/src/topic",
    "packages/broker/src/journal",
  ],
  // The partition of a key is the same on every engine, so that the bus may know it.
  "packages/bus": ["packages/runtime", "packages/bus/src/engines/partition.ts"],
  "packages/bus/src/engines": ["packages/runtime", "packages/broker", "packages/bus/src"],
  "packages/bus/src/index.ts": ["packages/bus"],
  "packages/client": ["packages/protocol"],
  "packages/signalr": ["packages/runtime"],
  "services/waitroom/src/line": [],
  "services/waitroom": [
    "packages/runtime",
    "packages/http-edge",
    "packages/bus",
    "services/waitroom/src/line",
  ],
  "services/chat": ["packages/runtime", "packages/http-edge", "packages/bus", "packages/signalr"],
  sluice: ["packages", "services", "testkit"],
  testkit: ["packages/runtime", "packages/broker"],
  testbed: ["packages/runtime"],
  bench: ["packages", "services", "sluice", "testkit", "testbed"],
  e2e: ["packages", "sluice", "testbed"],
  examples: ["packages", "services"],
};

/** Folders that are pure: no `node:` import, no package, no clock, no timer, no randomness. */
const pure = [
  "packages/broker/src/queue",
  "packages/broker/src/topic",
  "packages/broker/src/producer",
  "services/waitroom/src/line",
];

/** Folders whose code must run in browsers as well. */
const browserSafe = ["packages/protocol", "packages/client"];
/** Of these, what only Node ever loads. */
const nodeOnly = ["packages/client/src/transports/tcp.ts"];

/** The only homes of time, timers and randomness. */
const effects = /\b(Date\.now|performance\.now|Math\.random|setTimeout|setInterval)\b|new Date\(\)/;
// The client runs in browsers as well and cannot know the runtime, which needs Node: it has a clock of its own.
const effectHomes = [
  "packages/runtime/src/clock.ts",
  "packages/runtime/src/random.ts",
  "packages/client/src/clock.ts",
];

const linesMax = 350;

interface Source {
  readonly path: string;
  readonly text: string;
  readonly code: string;
  readonly isTest: boolean;
  readonly imports: readonly string[];
}

const skipped = new Set(["node_modules", ".git", "dist", "data", "logs", ".parts"]);

function* files(folder: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (skipped.has(entry.name)) continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* files(path);
    else yield path;
  }
}

/** Source without comments, so that prose may name what code may not. Strings stay: an import needs them. */
const withoutComments = (text: string): string =>
  text.replace(/\/\*[\s\S]*?\*\/|(^|[\s;{}()])\/\/[^\n]*/g, (comment, before: string | undefined) =>
    comment.startsWith("/*") ? "" : (before ?? ""),
  );

const importPattern =
  /(?:^|\n)\s*(?:import|export)\b[^;"'`]*?from\s*["']([^"']+)["']|\bimport\(\s*["']([^"']+)["']/g;

function read(path: string): Source {
  const text = readFileSync(join(root, path), "utf8");
  const code = withoutComments(text);
  const imports = [...code.matchAll(importPattern)].map(([, a, b]) => a ?? b ?? "");
  const isTest = /\.test\.ts$|\/test\//.test(path) || path.startsWith("e2e/") || path.startsWith("bench/");
  return { path, text, code, isTest, imports };
}

const everything = [...files(root)].map((path) => relative(root, path));
const sources = everything.filter((path) => /\.(ts|tsx|mts)$/.test(path)).map(read);

interface Manifest {
  readonly name: string;
  /** What is one file in Node and another in browsers. */
  readonly imports?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly exports?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}
const manifests = new Map(
  everything
    .filter((path) => path.endsWith("package.json"))
    .map((path) => [dirname(path), JSON.parse(readFileSync(join(root, path), "utf8")) as Manifest]),
);
const workspaceOf = (path: string): string => {
  let folder = dirname(path);
  while (!manifests.has(folder)) folder = dirname(folder);
  return folder;
};

/** The path that an import leads to, or undefined when it leaves the project. */
function target(from: Source, specifier: string): string | undefined {
  if (specifier.startsWith(".")) return relative(root, resolve(root, dirname(from.path), specifier));
  if (specifier.startsWith("#")) {
    const home = workspaceOf(from.path);
    const entry = manifests.get(home)?.imports?.[specifier]?.default;
    ok(entry, `${from.path} imports ${specifier}, which ${home}/package.json does not have`);
    return join(home, entry);
  }
  if (!specifier.startsWith("@sluice/")) return undefined;
  const name = specifier.split("/").slice(0, 2).join("/");
  for (const [folder, manifest] of manifests) {
    if (manifest.name !== name) continue;
    const entry = manifest.exports?.[`.${specifier.slice(name.length)}`];
    ok(entry, `${from.path} imports ${specifier}, which ${folder}/package.json does not export`);
    return join(folder, entry);
  }
  throw new Error(`${from.path} imports ${specifier}, which is no workspace`);
}

const longestPrefix = (path: string, places: readonly string[]): string | undefined =>
  places
    .filter((place) => path === place || path.startsWith(`${place}/`))
    .sort((a, b) => b.length - a.length)[0];

const report = (findings: readonly string[]): void => deepEqual(findings, []);

test("the arrows go one way", () => {
  const places = Object.keys(mayImport);
  report(
    sources
      .filter((source) => !source.isTest && source.path.includes("/"))
      .flatMap((source) => {
        const place = longestPrefix(source.path, places);
        if (place === undefined) return [`${source.path} is in no place of the table`];
        return source.imports.flatMap((specifier) => {
          const to = target(source, specifier);
          if (to === undefined) return [];
          const toPlace = longestPrefix(to, places);
          const allowed = toPlace === place || longestPrefix(to, mayImport[place] ?? []) !== undefined;
          return allowed ? [] : [`${source.path} must not know ${to}`];
        });
      }),
  );
});

test("no import goes in a circle", () => {
  const graph = new Map(
    sources
      .filter((source) => !source.isTest)
      .map((source) => [source.path, source.imports.flatMap((i) => target(source, i) ?? [])]),
  );
  const done = new Set<string>();
  const circles: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    if (trail.includes(path)) {
      circles.push([...trail.slice(trail.indexOf(path)), path].join(" -> "));
      return;
    }
    if (done.has(path)) return;
    for (const next of graph.get(path) ?? []) visit(next, [...trail, path]);
    done.add(path);
  };
  for (const path of graph.keys()) visit(path, []);
  report(circles);
});

test("packages are imported by name, and declared", () => {
  report(
    sources.flatMap((source) => {
      const home = workspaceOf(source.path);
      const manifest = manifests.get(home);
      const declared = new Set([
        manifest?.name,
        ...Object.keys(manifest?.dependencies ?? {}),
        ...(source.isTest || home === "." ? Object.keys(manifest?.devDependencies ?? {}) : []),
        ...(source.isTest ? Object.keys(manifests.get(".")?.devDependencies ?? {}) : []),
      ]);
      return source.imports.flatMap((specifier) => {
        if (specifier.startsWith("node:")) return [];
        if (specifier.startsWith(".") || specifier.startsWith("#")) {
          const to = target(source, specifier) ?? "";
          return workspaceOf(to) === home ? [] : [`${source.path} reaches into ${to} by a relative path`];
        }
        const name = specifier
          .split("/")
          .slice(0, specifier.startsWith("@") ? 2 : 1)
          .join("/");
        return declared.has(name)
          ? []
          : [`${source.path} imports ${name}, which ${home}/package.json does not declare`];
      });
    }),
  );
});

test("pure folders know nothing of the machine", () => {
  const places = Object.keys(mayImport);
  report(
    sources
      .filter((source) => !source.isTest && pure.includes(longestPrefix(source.path, places) ?? ""))
      .flatMap((source) => [
        ...source.imports
          .filter((specifier) => !specifier.startsWith("."))
          .map((specifier) => `${source.path} imports ${specifier}`),
        ...(/\b(Buffer|process|crypto|globalThis)\b/.exec(source.code) ?? []).map(
          (word) => `${source.path} uses ${word}`,
        ),
      ]),
  );
});

test("what runs in browsers imports nothing of Node", () => {
  report(
    sources
      .filter(
        (source) =>
          !source.isTest &&
          !nodeOnly.includes(source.path) &&
          browserSafe.some((folder) => source.path.startsWith(`${folder}/`)),
      )
      .flatMap((source) => [
        ...source.imports
          .filter((specifier) => !/^([.#]|@sluice\/protocol\b)/.test(specifier))
          .map((i) => `${source.path} imports ${i}`),
        ...(/\b(Buffer|process)\b/.exec(source.code) ?? []).map((word) => `${source.path} uses ${word}`),
      ]),
  );
});

test("time, timers and randomness come from their homes", () => {
  report(
    sources
      .filter((source) => !source.isTest && !effectHomes.includes(source.path))
      .flatMap((source) => {
        const found = effects.exec(source.code);
        return found === null ? [] : [`${source.path} uses ${found[0]}`];
      }),
  );
});

test(`no file is longer than ${linesMax} lines`, () => {
  report(
    everything
      .filter((path) => /\.(ts|tsx|mts|mjs|js)$/.test(path))
      .map((path) => ({ path, lines: readFileSync(join(root, path), "utf8").split("\n").length - 1 }))
      .filter(({ lines }) => lines > linesMax)
      .map(({ path, lines }) => `${path} has ${lines} lines: it holds two ideas`),
  );
});

test("each file says why it exists before anything else", () => {
  report(
    sources
      .filter(({ path, text }) => !path.endsWith("/index.ts") && !/^(#![^\n]*\n)?\/\*\*/.test(text))
      .map(({ path }) => `${path} does not open with a comment`),
  );
});

test("names say what a thing is", () => {
  const empty = /(^|\/)(utils?|helpers?|common|misc|managers?|controllers|models|interfaces|enums)(\/|\.|$)/i;
  report(everything.filter((path) => empty.test(path)));
});

test("no any, no silenced checks, no notes to ourselves", () => {
  const forbidden =
    /:\s*any\b|\bas any\b|<any>|@ts-(ignore|expect-error|nocheck)|biome-ignore(?!.*: )|\b(TODO|FIXME|XXX|HACK)\b/;
  report(
    sources
      .filter(({ path }) => path !== "architecture.test.ts")
      .flatMap(({ path, text }) => {
        const found = forbidden.exec(text);
        return found === null ? [] : [`${path} says ${found[0]}`];
      }),
  );
});

test("no test waits for time to pass, or takes a fixed port", () => {
  report(
    sources
      .filter(({ path, isTest }) => isTest && path !== "architecture.test.ts")
      .flatMap(({ path, code }) => {
        const found = /\bsleep\b|\bsetTimeout\b[^}]*\} from "node:timers|\.listen\(\s*[1-9]\d*/.exec(code);
        return found === null ? [] : [`${path} says ${found[0]}`];
      }),
  );
});

test("the lockfile names no registry", () => {
  const lock = readFileSync(join(root, "package-lock.json"), "utf8");
  ok(!lock.includes('"resolved": "http'), "package-lock.json holds addresses: see .npmrc");
});
