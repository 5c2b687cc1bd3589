/**
 * A relay without a broker: what a producer sends goes to every consumer as it came, chunk by chunk, in as few writes as it was read in.
 * It knows no frames and no messages. The producer is held back while a consumer does not keep up, so that nothing is lost here either.
 */

import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer, type Socket } from "node:net";
import { RoleReader } from "@sluice/protocol";
import type { Server } from "../process/runner.ts";

export async function openRawRelay(): Promise<Server> {
  const consumers = new Set<Socket>();
  const producers = new Set<Socket>();
  const listening = createServer({ noDelay: true }, (socket) => {
    const role = new RoleReader();
    socket.on("error", () => socket.destroy());
    socket.on("close", () => {
      consumers.delete(socket);
      producers.delete(socket);
    });
    const begin = (chunk: Uint8Array): void => {
      const step = role.push(chunk);
      if (step.state === "incomplete") return;
      if (step.state === "fault") return void socket.destroy();
      socket.off("data", begin);
      if (step.role.kind === "consumer") {
        consumers.add(socket);
        socket.on("drain", resume);
        return;
      }
      producers.add(socket);
      socket.on("data", relay);
      if (step.rest.length > 0) relay(step.rest);
    };
    socket.on("data", begin);
  });
  const isCongested = (): boolean => [...consumers].some((consumer) => consumer.writableNeedDrain);
  const relay = (chunk: Uint8Array): void => {
    for (const consumer of consumers) consumer.write(chunk);
    if (isCongested()) for (const producer of producers) producer.pause();
  };
  const resume = (): void => {
    if (!isCongested()) for (const producer of producers) producer.resume();
  };
  listening.listen({ host: "127.0.0.1", port: 0 });
  await once(listening, "listening");
  return {
    port: (listening.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      for (const socket of [...consumers, ...producers]) socket.destroy();
      await new Promise((resolve) => listening.close(resolve));
    },
  };
}
