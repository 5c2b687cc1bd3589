/** A client of a hub, as the application's handlers see it. */

export interface HubConnection {
  /** Public name of the connection; a client that reconnects gets another one. */
  readonly id: string;
  /** Who it is, as `authenticate` said. */
  readonly userId: string | undefined;
  /** Calls the client's method `target`. Does nothing once the connection closes; delivery is not confirmed. */
  send(target: string, ...args: readonly unknown[]): void;
  /** Ends the connection; `error` is shown to the application on the other side. */
  close(closing?: { readonly error?: string; readonly allowReconnect?: boolean }): void;
}

/** Thrown by a handler to tell the client `message`. The text of any other error stays on the server. */
export class HubError extends Error {
  override readonly name = "HubError";
}
