/**
 * What request bodies take in memory while they arrive: each route bounds its own, and here all of a port are bounded together, so that many
 * clients that send slowly cannot fill the memory between them.
 */
import type { IncomingMessage } from "node:http";
import type { Log } from "@sluice/runtime";
import type { FastifyInstance } from "fastify";

/** What is announced to be shorter is not counted: the number of connections bounds it. */
const smallBytes = 16 * 1024;

/** Looking for the largest is worth it after so many bytes more, not at each. */
const lookEveryBytes = 64 * 1024;

/** Ends the connections whose bodies are largest when all of them have more than `bytesMax` bytes. To be called before routes are registered. */
export function boundRequestBodies(app: FastifyInstance, bytesMax: number, log: Log): void {
  const held = new Map<IncomingMessage, number>();
  let heldBytes = 0;
  let unseenBytes = 0;

  const release = (raw: IncomingMessage): void => {
    heldBytes -= held.get(raw) ?? 0;
    held.delete(raw);
  };
  const evict = (): void => {
    while (heldBytes > bytesMax) {
      const [largest] = [...held].sort(([, a], [, b]) => b - a);
      if (largest === undefined) return;
      const [raw, bytes] = largest;
      log.warn(
        { address: raw.socket.remoteAddress, bytes },
        "request bodies take too much; one of the largest is ended",
      );
      release(raw);
      raw.destroy();
    }
  };

  // With a callback and not a promise: whoever parses the body has to be there before the first bytes are.
  app.addHook("preParsing", (request, reply, payload, done) => {
    const { raw } = request;
    const announced = raw.headers["content-length"];
    if (
      announced === undefined
        ? raw.headers["transfer-encoding"] !== undefined
        : Number(announced) > smallBytes
    ) {
      held.set(raw, 0);
      reply.raw.once("close", () => release(raw));
      payload.on("data", (chunk: Uint8Array) => {
        const before = held.get(raw);
        // Behind the answer the rest is read and forgotten.
        if (before === undefined || reply.raw.headersSent) return;
        held.set(raw, before + chunk.length);
        heldBytes += chunk.length;
        unseenBytes += chunk.length;
        if (unseenBytes < lookEveryBytes) return;
        unseenBytes = 0;
        evict();
      });
    }
    done(null, payload);
  });
}
