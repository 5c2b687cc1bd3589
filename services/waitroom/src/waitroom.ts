/** The waiting room as a part of a process: its routes, whether it can work, and how it ends. */
import type { Bus } from "@sluice/bus";
import type { Clock, Log, Part, Random, Registry } from "@sluice/runtime";
import type { FastifyInstance, FastifyPluginAsync, onRequestAsyncHookHandler } from "fastify";
import { CheckoutTokens } from "./admission/checkout-token.ts";
import { loadKeys } from "./admission/keys.ts";
import { setUpEdge } from "./http/edge.ts";
import { type LineSettings, lineDefaults } from "./line/index.ts";
import { measured } from "./metrics.ts";
import { addRoomRoutes } from "./rooms/routes.ts";
import { EmbeddedStore } from "./store/embedded.ts";
import { waitroomPartitionCounts } from "./store/topics.ts";
import { addVisitorRoutes } from "./visitors/routes.ts";
import { SessionTokens } from "./visitors/session-token.ts";

export interface WaitroomOptions {
  /** Opened with `waitroomPartitionCounts` among its `partitionCounts`. Stays the caller's. */
  readonly bus: Bus;
  readonly clock: Clock;
  /** Session ids and the secret behind session tokens come from it: outside of tests it has to be the system's. */
  readonly random: Random;
  readonly log: Log;
  readonly metrics: Registry;
  /** An existing directory; the keys are kept in its `waitroom-keys.json`. */
  readonly dataDirectory: string;
  /** The claim `iss` of checkout tokens. Default `sluice-waitroom`. */
  readonly issuer?: string;
  /** Asked before each request about a room itself, which is for operators. Default: everybody may. */
  readonly operatorsOnly?: onRequestAsyncHookHandler;
  /** Other numbers to decide by, for tests. */
  readonly settings?: Partial<Omit<LineSettings, "keyId">>;
}

/**
 * Opens the waiting room: loads or makes its keys, and folds the rooms from the log. The part never listens.
 * Rejects with a `Fault`: `waitroom-keys-invalid` when the key file is not what we wrote, `topic-differs` when a topic exists with
 * another number of partitions.
 */
export async function createWaitroom(options: WaitroomOptions): Promise<Part<FastifyPluginAsync>> {
  const {
    bus,
    clock,
    random,
    log,
    metrics,
    dataDirectory,
    issuer = "sluice-waitroom",
    operatorsOnly,
  } = options;
  const keys = await loadKeys(dataDirectory, random);
  const checkoutTokens = new CheckoutTokens(issuer, keys);
  const sessionTokens = new SessionTokens(keys.session_secret);
  const settings = { ...lineDefaults, ...options.settings, keyId: checkoutTokens.keyId };
  // A shop that reads before the first visitor has come finds an empty topic, not none.
  for (const topic of waitroomPartitionCounts.keys()) await bus.topics.ensure(topic);
  const embedded = await EmbeddedStore.open({ bus, clock, random, log, settings, tokens: checkoutTokens });
  const store = measured(embedded, metrics);

  const addRoutes = async (scope: FastifyInstance): Promise<void> => {
    setUpEdge(scope, log);
    addVisitorRoutes(scope, { store, checkoutTokens, sessionTokens, random });
    await scope.register(async (operators) => {
      if (operatorsOnly !== undefined) operators.addHook("onRequest", operatorsOnly);
      addRoomRoutes(operators, store, log);
    });
  };

  // Once, however often it is asked for.
  let ended: Promise<void> | undefined;
  const end = (): Promise<void> => {
    ended ??= Promise.resolve(store[Symbol.asyncDispose]());
    return ended;
  };
  return {
    name: "waitroom-api",
    routes: async (host) => {
      await host.register(addRoutes, { prefix: "/api/v1/waitroom" });
      const summary = "The keys that checkout tokens are verified with";
      const schema = { summary, tags: ["waiting room"] };
      host.get("/.well-known/jwks.json", { schema }, async (_request, reply) =>
        reply.header("cache-control", "public, max-age=300").send(checkoutTokens.jwks),
      );
    },
    readiness: () => store.readiness(),
    drain: end,
    [Symbol.asyncDispose]: end,
  };
}
