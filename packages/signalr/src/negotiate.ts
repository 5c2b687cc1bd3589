/**
 * What a client is told before it connects (TransportProtocols.md, "POST endpoint-base/negotiate"). Errors travel in an answer with
 * status 200, because that is where clients look for them; the texts are Microsoft's.
 */
import type { Reservation } from "./reservations.ts";

export type NegotiateVersion =
  | { readonly ok: true; readonly version: 0 | 1 }
  | { readonly ok: false; readonly error: string };

/** Reads `negotiateVersion` from the query: missing is 0, and greater than ours gets our highest. */
export function readNegotiateVersion(query: URLSearchParams): NegotiateVersion {
  const text = query.get("negotiateVersion");
  if (text === null) return { ok: true, version: 0 };
  if (!/^-?\d{1,9}$/.test(text)) {
    return { ok: false, error: `The client requested an invalid protocol version '${text.slice(0, 32)}'` };
  }
  const version = Number(text);
  if (version < 0) {
    return {
      ok: false,
      error: `The client requested version '${version}', but the server does not support this version.`,
    };
  }
  return { ok: true, version: version === 0 ? 0 : 1 };
}

/** WebSockets are the one transport, with text only: the hub speaks JSON. */
const availableTransports = [{ transport: "WebSockets", transferFormats: ["Text"] }];

/** The body of the answer. */
export function negotiateAnswer(version: 0 | 1, reservation: Reservation): object {
  const { connectionId, connectionToken } = reservation;
  return version === 0
    ? { negotiateVersion: 0, connectionId, availableTransports }
    : { negotiateVersion: 1, connectionId, connectionToken, availableTransports };
}
