/** Which web pages may talk to us: one policy for CORS and for WebSockets, to which CORS does not apply. */
import type { IncomingHttpHeaders } from "node:http";
import { AllowedOrigins } from "@sluice/runtime";

export class OriginPolicy extends AllowedOrigins {
  /**
   * The CORS headers of an answer (Fetch standard §3.2.3); none when no page asked or when the page may not read it. Credentials are
   * allowed, because the SignalR client asks with them by default.
   */
  headersFor(headers: IncomingHttpHeaders): Readonly<Record<string, string>> {
    if (headers.origin === undefined || !this.allows(headers)) return { vary: "Origin" };
    return {
      vary: "Origin",
      "access-control-allow-origin": headers.origin,
      "access-control-allow-credentials": "true",
    };
  }

  /** The headers that answer a preflight for `methods`, besides `headersFor`. */
  preflightFor(headers: IncomingHttpHeaders, methods: string): Readonly<Record<string, string>> {
    if (headers.origin === undefined || !this.allows(headers)) return { vary: "Origin" };
    return {
      ...this.headersFor(headers),
      "access-control-allow-methods": methods,
      "access-control-allow-headers": "authorization, content-type, x-requested-with, x-signalr-user-agent",
      "access-control-max-age": "600",
    };
  }
}
