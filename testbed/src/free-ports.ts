/** Ports for servers that cannot let the system choose one themselves. */
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";

export const loopback = "127.0.0.1";
/** Between our asking and the server's listening somebody else may take a port; so often in a row nobody does. */
const attempts = 3;
const inUse = /address already in use|in use by/i;

/**
 * Calls `start` with `count` ports that nobody listens on, and again with others when one was taken meanwhile.
 * Rejects as `start` does for any other reason.
 */
export async function onFreePorts<Started>(
  count: number,
  start: (ports: readonly number[]) => Promise<Started>,
): Promise<Started> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await start(await freePorts(count));
    } catch (error) {
      const taken = error instanceof Error && inUse.test(error.message);
      if (!taken || attempt === attempts) throw error;
    }
  }
}

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen({ host: loopback, port: 0 }));
  await Promise.all(servers.map((server) => once(server, "listening")));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
