export { type BrokerRoutesOptions, httpRoutes } from "./http-routes.ts";
export { type ReadinessSource, type SystemRoutesOptions, systemRoutes } from "./system-routes.ts";
