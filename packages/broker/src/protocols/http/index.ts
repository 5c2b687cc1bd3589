export { guarded, principalOnly, tokenScheme } from "./access.ts";
export { type BrokerRoutesOptions, httpRoutes } from "./http-routes.ts";
export { answerNotFound, type Problem, problem, sendProblem } from "./problem.ts";
export { type ReadinessSource, type SystemRoutesOptions, systemRoutes } from "./system-routes.ts";
