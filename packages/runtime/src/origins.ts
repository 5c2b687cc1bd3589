/** Which web pages may reach us. Browsers open WebSockets across origins without asking, so that the server has to look. */
import type { IncomingHttpHeaders } from "node:http";

export class AllowedOrigins {
  readonly #allowed: ReadonlySet<string>;

  /** Origins such as `https://school.example`; `*` allows every page. Default: none but our own. */
  constructor(allowedOrigins: readonly string[] = []) {
    this.#allowed = new Set(allowedOrigins);
  }

  /**
   * True for a request that no page made (no `Origin`), for a page that this server served (the origin's host is the request's
   * `Host`), and for the allowed origins.
   */
  allows({ origin, host }: IncomingHttpHeaders): boolean {
    if (origin === undefined || this.#allowed.has("*") || this.#allowed.has(origin)) return true;
    return URL.canParse(origin) && new URL(origin).host === host;
  }
}
