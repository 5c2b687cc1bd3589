/** Answers the pings of a WebSocket (RFC 6455 §5.5.3) as far as the peer reads: one that floods us with them gets as many pongs as it takes. */
import type { WebSocket } from "ws";
import { pongBytesMax } from "./limits.ts";

export function answerPings(webSocket: WebSocket): void {
  webSocket.on("ping", (payload) => {
    if (webSocket.readyState === webSocket.OPEN && webSocket.bufferedAmount < pongBytesMax) {
      webSocket.pong(payload);
    }
  });
}
