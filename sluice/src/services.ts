/**
 * The services and the bus they run on, opened together on a broker. A process that runs the broker alone never loads this file, nor anything
 * that it imports: that is most of what a start takes.
 */
import type { Broker } from "@sluice/broker";
import { BrokerEngine, Bus } from "@sluice/bus";
import { chatPartitionCounts, createChat } from "@sluice/chat";
import { principalOnly } from "@sluice/http-edge";
import {
  type Access,
  type createMetrics,
  type Log,
  type Part,
  systemClock,
  systemRandom,
} from "@sluice/runtime";
import { createWaitroom, waitroomPartitionCounts } from "@sluice/waitroom";
import type { FastifyPluginAsync } from "fastify";

export interface ServicesOptions {
  readonly broker: Broker;
  /** Who may run the waiting room. */
  readonly access: Access;
  /** Origins whose pages may open the chat's WebSocket. */
  readonly allowedOrigins: readonly string[];
  readonly dataDirectory: string;
  readonly metrics: ReturnType<typeof createMetrics>;
  readonly log: Log;
}

export interface Services extends AsyncDisposable {
  readonly waitroom: Part<FastifyPluginAsync>;
  /** Answers on a port of its own as well. */
  readonly chat: Part<FastifyPluginAsync>;
}

/** Disposing ends chat, waiting room and bus, and leaves the broker to whoever opened it. */
export async function openServices(options: ServicesOptions): Promise<Services> {
  const { broker, access, allowedOrigins, dataDirectory, metrics, log } = options;
  const [clock, random] = [systemClock, systemRandom];
  await using opened = new AsyncDisposableStack();
  const bus = await Bus.open({
    engine: BrokerEngine.open({ broker, clock, random, durability: broker.durability }),
    source: "/sluice",
    clock,
    random,
    log: log.child({ part: "bus" }),
    metrics,
    partitionCounts: new Map([...waitroomPartitionCounts, ...chatPartitionCounts]),
  });
  opened.use(bus);
  const service = { bus, clock, random, metrics, dataDirectory };
  const operatorsOnly = principalOnly(access);
  const waitroom = opened.use(
    await createWaitroom({ ...service, log: log.child({ part: "waitroom" }), operatorsOnly }),
  );
  const chat = opened.use(await createChat({ ...service, log: log.child({ part: "chat" }), allowedOrigins }));
  const ending = opened.move();
  return { waitroom, chat, [Symbol.asyncDispose]: () => ending.disposeAsync() };
}
