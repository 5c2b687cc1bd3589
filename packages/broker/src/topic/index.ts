export type * from "./commands.ts";
export * from "./refusals.ts";
export * from "./settings.ts";
export * from "./partition.ts";
