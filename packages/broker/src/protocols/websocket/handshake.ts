/** What an upgrade request asks for: which subprotocol, and with which token. A page can send no headers, so that its token is one more subprotocol. */
import type { IncomingHttpHeaders } from "node:http";
import { bearerToken } from "@sluice/http-edge";

/** JSON messages; what a request without a subprotocol gets as well. */
export const jsonProtocol = "sluice.json";
/** The frames of SLUICE/1. */
export const framedProtocol = "sluice.1";
const tokenPrefix = "sluice.token.";

export interface Handshake {
  readonly protocol: typeof jsonProtocol | typeof framedProtocol;
  readonly token: string | undefined;
}

/** The first subprotocol that we speak, in the client's order; or why there is none, as a sentence. */
export function readHandshake(headers: IncomingHttpHeaders): Handshake | { readonly wrong: string } {
  const offered = (headers["sec-websocket-protocol"] ?? "")
    .split(",")
    .map((each) => each.trim())
    .filter((each) => each !== "");
  const inHeader = bearerToken(headers.authorization);
  const asProtocol = offered.find((each) => each.startsWith(tokenPrefix))?.slice(tokenPrefix.length);
  const token = inHeader ?? (asProtocol === undefined ? undefined : decodeToken(asProtocol));
  if (asProtocol !== undefined && token === undefined) {
    return { wrong: `What follows ${tokenPrefix} is the token in base64url without padding.` };
  }
  if (offered.length === 0) return { protocol: jsonProtocol, token };
  for (const each of offered) {
    if (each === jsonProtocol || each === framedProtocol) return { protocol: each, token };
  }
  return { wrong: `Offer the subprotocol ${jsonProtocol} or ${framedProtocol}.` };
}

function decodeToken(encoded: string): string | undefined {
  const bytes = Buffer.from(encoded, "base64url");
  return encoded !== "" && bytes.toString("base64url") === encoded ? bytes.toString("utf8") : undefined;
}
