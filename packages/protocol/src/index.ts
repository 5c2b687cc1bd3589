export * from "./error-frame.ts";
export * from "./frame-limits.ts";
export * from "./frame-reader.ts";
export * from "./frame-writer.ts";
export * from "./refusal-codes.ts";
export * from "./role.ts";
export * from "./role-reader.ts";
