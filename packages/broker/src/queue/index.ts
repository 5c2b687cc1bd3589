export type * from "./commands.ts";
export * from "./message.ts";
export type * from "./now.ts";
export * from "./refusals.ts";
export * from "./settings.ts";
