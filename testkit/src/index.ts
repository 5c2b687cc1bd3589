export type * from "./simulated-call.ts";
export { SimulatedDisk } from "./simulated-disk.ts";
export * from "./virtual-clock.ts";
