/**
 * The first record in each direction (HubProtocol.md, "HandshakeRequest"): the client names its protocol and version, the server
 * answers `{}` or an error. The texts are Microsoft's, because clients show them.
 */
import { encodeRecord } from "./records.ts";

/** Highest version of the hub protocol that is understood; older ones, and the 0 of some Python clients, are the same to us. */
const versionMax = 2;

export type Handshake = { readonly ok: true } | { readonly ok: false; readonly error: string };

export const handshakeTimedOut = "Handshake was canceled.";
const malformed = "An unexpected error occurred during connection handshake.";

/** Decides what the client's handshake record gets. Only the protocol `json` is served. */
export function readHandshake(record: string): Handshake {
  let request: unknown;
  try {
    request = JSON.parse(record);
  } catch {
    return { ok: false, error: malformed };
  }
  if (typeof request !== "object" || request === null) return { ok: false, error: malformed };
  const { protocol, version } = request as { readonly protocol?: unknown; readonly version?: unknown };
  if (typeof protocol !== "string" || typeof version !== "number" || !Number.isInteger(version)) {
    return { ok: false, error: malformed };
  }
  if (protocol !== "json") return { ok: false, error: `The protocol '${protocol}' is not supported.` };
  if (version > versionMax) {
    return { ok: false, error: `The server does not support version ${version} of the 'json' protocol.` };
  }
  return { ok: true };
}

/** The server's answer: empty when all is well. It must not have a `type`. */
export function writeHandshake(handshake: Handshake): Uint8Array {
  return encodeRecord(handshake.ok ? {} : { error: handshake.error });
}
