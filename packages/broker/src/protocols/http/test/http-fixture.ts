/** The HTTP API on a real broker, in virtual time, asked without a network. */
import { answerNotFound } from "@sluice/http-edge";
import { createMetrics, type Registry } from "@sluice/runtime";
import { VirtualClock } from "@sluice/testkit";
import Fastify, { type FastifyInstance, type HTTPMethods } from "fastify";
import type { Broker } from "../../../broker/broker.ts";
import { openBroker } from "../../test/open-broker.ts";
import { httpRoutes } from "../index.ts";

export type Json = Readonly<Record<string, unknown>>;

export interface Answer {
  readonly status: number;
  readonly body: Json;
  readonly headers: Readonly<Record<string, unknown>>;
}

export interface HttpFixture extends AsyncDisposable {
  readonly app: FastifyInstance;
  readonly broker: Broker;
  readonly clock: VirtualClock;
  readonly metrics: Registry;
  get(path: string): Promise<Answer>;
  post(path: string, body?: unknown): Promise<Answer>;
  put(path: string, body?: unknown): Promise<Answer>;
  patch(path: string, body: unknown): Promise<Answer>;
  remove(path: string): Promise<Answer>;
  /** The messages of one dequeue. */
  dequeue(query?: string): Promise<readonly Json[]>;
}

export async function openHttp(): Promise<HttpFixture> {
  const clock = new VirtualClock();
  const metrics = createMetrics();
  const broker = await openBroker(clock, metrics);
  const app = Fastify({ routerOptions: { ignoreTrailingSlash: true, maxParamLength: 4096 } });
  app.setNotFoundHandler(answerNotFound);
  await app.register(httpRoutes({ broker }));
  const ask = async (method: HTTPMethods, url: string, body?: unknown): Promise<Answer> => {
    const options = { method, url };
    const response = await app.inject(
      body === undefined
        ? options
        : { ...options, payload: JSON.stringify(body), headers: { "content-type": "application/json" } },
    );
    return { status: response.statusCode, body: response.json(), headers: response.headers };
  };
  return {
    app,
    broker,
    clock,
    metrics,
    get: (path) => ask("GET", path),
    post: (path, body) => ask("POST", path, body),
    put: (path, body) => ask("PUT", path, body),
    patch: (path, body) => ask("PATCH", path, body),
    remove: (path) => ask("DELETE", path),
    dequeue: async (query = "") => (await ask("GET", `/dequeue${query}`)).body.messages as readonly Json[],
    [Symbol.asyncDispose]: async () => {
      await app.close();
      await broker[Symbol.asyncDispose]();
    },
  };
}
