/** What Fastify makes of such requests when nothing lies behind it: JSON is read, and an answer as long as the real one is written. */
import type { AddressInfo } from "node:net";
import Fastify from "fastify";
import { requestKinds } from "../loads/request-kinds.ts";
import type { Server } from "../process/runner.ts";

const answer = { messageId: "00000000-0001-8000-8000-000000000001", durability: "memory" };

export async function openBareFastify(): Promise<Server> {
  const app = Fastify();
  for (const { path, expectedStatus } of Object.values(requestKinds)) {
    app.post(path, async (_request, reply) => {
      reply.code(expectedStatus);
      return answer;
    });
  }
  await app.listen({ host: "127.0.0.1", port: 0 });
  return {
    port: (app.server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: () => app.close(),
  };
}
