/** What every port answers about the process: that it lives, that it can do its work, and what it has counted. */
import { allowOnly, answerErrors } from "@sluice/http-edge";
import type { Readiness, Registry } from "@sluice/runtime";
import type { FastifyPluginAsync, onRequestAsyncHookHandler } from "fastify";
import Type from "typebox";
import { requestBytesMax } from "./limits.ts";

/** A part, as far as readiness goes. */
export interface ReadinessSource {
  readonly name: string;
  readiness(): Readiness;
}

export interface SystemRoutesOptions {
  readonly parts: readonly ReadinessSource[];
  readonly metrics: Registry;
  /** Asked before `/metrics` is answered. Default: everybody may read it. */
  readonly metricsGuard?: onRequestAsyncHookHandler;
}

const healthSchema = Type.Object({ status: Type.Enum(["ok"]) });
const readySchema = Type.Object({
  ready: Type.Boolean(),
  reasons: Type.Array(Type.Object({ part: Type.String(), reason: Type.String() })),
});

/** `/healthz` (200 while the process lives), `/ready` (503 with reasons while a part cannot work), `/metrics` for Prometheus. */
export function systemRoutes({ parts, metrics, metricsGuard }: SystemRoutesOptions): FastifyPluginAsync {
  return async (app) => {
    answerErrors(app, { bodyBytesMax: requestBytesMax });
    app.addHook("onRequest", async (_request, reply) => {
      reply.header("cache-control", "no-store");
    });

    app.get(
      "/healthz",
      {
        schema: {
          operationId: "health",
          summary: "Whether the process lives",
          tags: ["system"],
          response: { 200: healthSchema },
        },
      },
      () => ({ status: "ok" }),
    );

    app.get(
      "/ready",
      {
        schema: {
          operationId: "readiness",
          summary: "Whether every part can do its work",
          tags: ["system"],
          response: { 200: readySchema, 503: readySchema },
        },
      },
      async (_request, reply) => {
        const reasons = parts.flatMap((part) => {
          const readiness = part.readiness();
          return readiness.ready ? [] : [{ part: part.name, reason: readiness.reason }];
        });
        reply.code(reasons.length === 0 ? 200 : 503);
        return { ready: reasons.length === 0, reasons };
      },
    );

    app.get(
      "/metrics",
      {
        schema: { operationId: "metrics", summary: "Metrics in Prometheus' text format", tags: ["system"] },
        onRequest: metricsGuard === undefined ? [] : [metricsGuard],
      },
      async (_request, reply) => {
        reply.type(metrics.contentType);
        return metrics.metrics();
      },
    );

    for (const path of ["/healthz", "/ready", "/metrics"]) allowOnly(app, path, ["GET", "HEAD"]);
  };
}
