/** How the waiting room writes times: RFC 3339 in UTC with `Z`. */

/** With milliseconds, e.g. `2026-01-01T12:00:00.250Z`. */
export function withMilliseconds(wallMs: number): string {
  return new Date(wallMs).toISOString();
}

/** In whole seconds, rounded down, e.g. `2026-01-01T12:00:00Z`. */
export function inSeconds(wallMs: number): string {
  return `${new Date(wallMs).toISOString().slice(0, 19)}Z`;
}
