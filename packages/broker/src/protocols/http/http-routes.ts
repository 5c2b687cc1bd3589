/** The broker's HTTP API as one plugin: its routes, and everything that they share (parsing, validation, error answers). */
import { acceptJson, answerErrors } from "@sluice/http-edge";
import type { FastifyPluginAsync } from "fastify";
import type { BrokerApi, QueueBatchApi } from "../../broker/api.ts";
import { deadLetterResource } from "./dead-letter-resource.ts";
import { dequeueRoute } from "./dequeue-route.ts";
import { enqueueRoute } from "./enqueue-route.ts";
import { requestBytesMax } from "./limits.ts";
import { messageResource } from "./message-resource.ts";
import { offsetRoute } from "./offset-route.ts";
import { publishRoute } from "./publish-route.ts";
import { queueResource } from "./queue-resource.ts";
import { recordRoutes } from "./record-routes.ts";
import { redriveResource } from "./redrive-resource.ts";
import { ackRoute, extendRoute, nackRoute } from "./settle-routes.ts";
import { refuseWhatIsNotAskedFor } from "./strictness.ts";
import { topicResource } from "./topic-resource.ts";
import { transactionRoute } from "./transaction-route.ts";
import { compileValidator } from "./validation.ts";

export interface BrokerRoutesOptions {
  readonly broker: BrokerApi & QueueBatchApi;
}

/**
 * The routes of docs/protocol.md. Register it without a prefix. Error handler, body parser and validator are this plugin's own and do not
 * leak to others; the not-found answer belongs to the port (`answerNotFound`).
 */
export function httpRoutes(options: BrokerRoutesOptions): FastifyPluginAsync {
  return async (app) => {
    acceptJson(app, requestBytesMax);
    answerErrors(app, { bodyBytesMax: requestBytesMax });
    app.setValidatorCompiler(compileValidator);
    refuseWhatIsNotAskedFor(app);
    enqueueRoute(app, options);
    dequeueRoute(app, options);
    ackRoute(app, options);
    nackRoute(app, options);
    extendRoute(app, options);
    publishRoute(app, options);
    transactionRoute(app, options);
    queueResource(app, options);
    messageResource(app, options);
    redriveResource(app, options);
    deadLetterResource(app, options);
    topicResource(app, options);
    recordRoutes(app, options);
    offsetRoute(app, options);
  };
}
