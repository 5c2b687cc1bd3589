export * from "./limits.ts";
export { TcpServer, type TcpServerOptions } from "./server.ts";
