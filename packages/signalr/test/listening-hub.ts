/** A hub on a free port of the loopback, for tests that talk to it from outside. */
import type { AddressInfo } from "node:net";
import { type Clock, silentLog, systemClock, systemRandom } from "@sluice/runtime";
import { fastify } from "fastify";
import { type HubOptions, HubServer } from "../src/index.ts";

export interface ListeningHub extends AsyncDisposable {
  readonly hub: HubServer;
  /** `http://127.0.0.1:<port>/hub` */
  readonly url: string;
}

export async function listenHub(
  options: Partial<HubOptions> & { readonly clock?: Clock } = {},
): Promise<ListeningHub> {
  const hub = new HubServer({
    path: "/hub",
    clock: systemClock,
    random: systemRandom,
    log: silentLog,
    ...options,
  });
  const server = fastify();
  await server.register(hub.routes);
  server.server.on("upgrade", (request, socket, head) => {
    const path = (request.url ?? "").split("?")[0] ?? "";
    const upgrade = hub.upgrades.get(path);
    if (upgrade === undefined) socket.destroy();
    else upgrade(request, socket, head);
  });
  await server.listen({ host: "127.0.0.1", port: 0 });
  const { port } = server.server.address() as AddressInfo;
  return {
    hub,
    url: `http://127.0.0.1:${port}/hub`,
    [Symbol.asyncDispose]: async () => {
      await hub.drain();
      await server.close();
    },
  };
}
