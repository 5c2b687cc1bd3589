/** A Redis server for a scope, or the one that REDIS_URL names. */
import { loopback, onFreePorts } from "./free-ports.ts";
import { programOrMissing } from "./on-path.ts";
import { type Part, somebodysOwn } from "./part.ts";
import { PartProcess } from "./part-process.ts";
import { makeScratch } from "./scratch.ts";

export interface RedisPart extends Part {
  /** `redis://host:port` */
  readonly url: string;
}

const patienceMs = 20_000;

/**
 * Starts redis-server with nothing on its disk: no snapshots and no log, unless `settings` ask for them (`{appendonly: "yes"}`).
 * With REDIS_URL it is that server, as it is set there.
 * @throws PartMissing when there is neither.
 */
export async function startRedis(settings: Readonly<Record<string, string>> = {}): Promise<RedisPart> {
  const { REDIS_URL: url = "" } = process.env;
  if (url !== "") return { ...somebodysOwn("REDIS_URL"), url };
  const program = await programOrMissing("redis-server", "redis-server");
  await using opened = new AsyncDisposableStack();
  const { path } = opened.use(await makeScratch());
  const all = { bind: loopback, dir: path, save: "", appendonly: "no", ...settings };
  const parameters = Object.entries(all).flatMap(([name, value]) => [`--${name}`, value]);
  const { server, port } = await onFreePorts(1, async ([port = 0]) => ({
    server: await PartProcess.start({
      ...{ program, parameters: ["--port", String(port), ...parameters], cwd: path, patienceMs },
      ready: /Ready to accept connections/,
    }),
    port,
  }));
  opened.use(server);
  const version = /Redis version=([\d.]+)/.exec(server.startOutput)?.[1] ?? "";
  const ending = opened.move();
  return {
    description: `redis-server ${version}`,
    pid: server.pid,
    url: `redis://${loopback}:${port}`,
    [Symbol.asyncDispose]: () => ending.disposeAsync(),
  };
}
