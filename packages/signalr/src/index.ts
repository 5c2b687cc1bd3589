/** A SignalR hub server for Node: what unmodified @microsoft/signalr clients connect to. It knows nothing of chat. */
export type { HubHandler } from "./dispatcher.ts";
export type { HubGroups } from "./groups.ts";
export { type HubConnection, HubError } from "./hub-connection.ts";
export { type Authenticate, type HubIdentity, type HubOptions, HubServer } from "./hub-server.ts";
export { defaultHubLimits, type HubLimits } from "./limits.ts";
export { OriginPolicy } from "./origin.ts";
