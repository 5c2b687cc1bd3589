/** A NATS server for a scope, or the one that NATS_URL names. */
import { loopback } from "./free-ports.ts";
import { programOrMissing } from "./on-path.ts";
import { type Part, somebodysOwn } from "./part.ts";
import { PartProcess } from "./part-process.ts";
import { makeScratch } from "./scratch.ts";

export interface NatsPart extends Part {
  /** `nats://host:port` */
  readonly url: string;
}

const patienceMs = 20_000;
const systemChooses = "-1";

/**
 * Starts nats-server as it is without any settings. With NATS_URL it is that server.
 * @throws PartMissing when there is neither.
 */
export async function startNats(): Promise<NatsPart> {
  const { NATS_URL: url = "" } = process.env;
  if (url !== "") return { ...somebodysOwn("NATS_URL"), url };
  const program = await programOrMissing("nats-server", "nats-server");
  await using opened = new AsyncDisposableStack();
  const { path } = opened.use(await makeScratch());
  const server = await PartProcess.start({
    ...{ program, parameters: ["--addr", loopback, "--port", systemChooses], cwd: path, patienceMs },
    ready: /Server is ready/,
  });
  opened.use(server);
  const port = /Listening for client connections on \S+:(\d+)/.exec(server.startOutput)?.[1] ?? "";
  const version = /Version: +([\d.]+)/.exec(server.startOutput)?.[1] ?? "";
  const ending = opened.move();
  return {
    description: `nats-server ${version}`,
    pid: server.pid,
    url: `nats://${loopback}:${port}`,
    [Symbol.asyncDispose]: () => ending.disposeAsync(),
  };
}
