/** What a page can reach: WebSockets. */
import type { Scheme } from "../transport.ts";

export { dialWebSocket as dialNetwork } from "./websocket.ts";

export const schemes: readonly Scheme[] = ["ws", "wss"];
