export type * from "./simulated-call.ts";
export { SimulatedDisk } from "./simulated-disk.ts";
export * from "./test-broker.ts";
export * from "./virtual-clock.ts";
