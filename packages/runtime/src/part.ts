/**
 * What a part of the process is. A part registers routes and upgrade paths, and never listens: the composition makes one
 * Fastify and one upgrade dispatcher a port and registers the parts on them.
 */
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";

/** Takes over the socket of an HTTP upgrade request, or answers the refusal on it and ends it. */
export type UpgradeHandler = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

/**
 * Whether a part can do its work now. `ready: false` carries one sentence that says why;
 * it turns `/ready` to 503 and has no effect on `/healthz`.
 */
export type Readiness = { readonly ready: true } | { readonly ready: false; readonly reason: string };

/** `Plugin` is the web framework's plugin type; this package does not know the framework. */
export interface Part<Plugin> extends AsyncDisposable {
  /** One of the names that the setting `PARTS` takes, e.g. `broker`. */
  readonly name: string;
  /** Routes, with their own error handler, not-found handler and body parsers. */
  readonly routes?: Plugin;
  /** Upgrade handlers by exact path, e.g. `/hubs/chat`. */
  readonly upgrades?: ReadonlyMap<string, UpgradeHandler>;
  readiness(): Readiness;
  /** Stops taking new work and finishes what was begun; then the part can be disposed of. */
  drain(): Promise<void>;
}
