/** What a program in Node can reach: TCP and TLS, and WebSockets, each loaded when an address asks for it. */
import type { Dial, Scheme } from "../transport.ts";

export const schemes: readonly Scheme[] = ["tcp", "tls", "ws", "wss"];

export const dialNetwork: Dial = async (address, options) => {
  if (address.scheme === "ws" || address.scheme === "wss") {
    const { dialWebSocket } = await import("./websocket.ts");
    return dialWebSocket(address, options);
  }
  const { dialTcp } = await import("./tcp.ts");
  return dialTcp(address, options);
};
