export * from "./clock.ts";
export * from "./fault.ts";
export * from "./id.ts";
export * from "./log.ts";
export * from "./metrics.ts";
export * from "./part.ts";
export * from "./random.ts";
export * from "./settings.ts";
