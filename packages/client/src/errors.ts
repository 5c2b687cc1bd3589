/** What a call of the client can reject with: the server's no, or something that went wrong on the way to it. */
import type { WireRefusal } from "@sluice/protocol/full";

/** The root of all of them. `code` is stable and for programs, `message` a sentence for people. */
export class SluiceError extends Error {
  readonly code: string;

  constructor(code: string, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** The server understood and said no. `code` is one of docs/protocol.md, or one that a newer server knows. */
export class RefusedError extends SluiceError {
  /** When asking again may be worth it, in milliseconds; 0: not as it was asked. */
  readonly retryAfterMs: number;

  constructor({ code, sentence, retryAfterMs }: WireRefusal) {
    super(code, sentence);
    this.retryAfterMs = retryAfterMs;
  }
}

/**
 * - `closed`: the client was closed.
 * - `buffer-full`: `outgoingBytesMax` bytes wait for an answer already; nothing was sent.
 * - `request-timeout`: no answer in time. Whether the server did what was asked is not known.
 * - `lease-lost`: the delivery is no longer this client's; its message comes again, here or elsewhere, or is acked already.
 * - `already-settled`: the delivery was acked or nacked before.
 * - `connection-lost`: the connection ended, and what was asked belonged to it.
 * - `connect-failed`: no connection came about, and `reconnect` is off.
 * - `invalid-request`: what was asked cannot be said on the wire: a frame over 4 MiB, a name that is too long, a number that is none or
 *   below 0.
 * - `invalid-address`: an address that this client cannot read or has no transport for.
 * - `protocol-fault`: the server said what the protocol does not allow.
 */
export type ClientFaultCode =
  | "closed"
  | "buffer-full"
  | "request-timeout"
  | "lease-lost"
  | "already-settled"
  | "connection-lost"
  | "connect-failed"
  | "invalid-request"
  | "invalid-address"
  | "protocol-fault";

/** Something went wrong on this side, or on the way. */
export class ClientFault extends SluiceError {
  declare readonly code: ClientFaultCode;

  constructor(code: ClientFaultCode, message: string, options?: { cause?: unknown }) {
    super(code, message, options);
  }
}

export const alreadySettled = (): ClientFault =>
  new ClientFault("already-settled", "The delivery was acked or given back before.");

/** A sentence for anything that was thrown. */
export const sentenceOf = (thrown: unknown): string =>
  thrown instanceof Error ? thrown.message : String(thrown);

/** Refusals that pass, whatever the server says of when: it shuts down, or is to be started again. */
const passingCodes: ReadonlySet<string> = new Set(["shutting-down", "storage-failed", "memory-full"]);

/** What is asked again after a refusal that passes without saying when, in milliseconds. */
const usualRetryMs = 1_000;

/** When to ask again what failed, in milliseconds; undefined when asking again cannot help. */
export function retryDelayMs(error: unknown): number | undefined {
  if (error instanceof ClientFault) {
    return error.code === "request-timeout" || error.code === "buffer-full" ? usualRetryMs : undefined;
  }
  if (!(error instanceof RefusedError)) return undefined;
  if (error.retryAfterMs > 0) return error.retryAfterMs;
  return passingCodes.has(error.code) ? usualRetryMs : undefined;
}

/** Why a subscription or membership did not begin; undefined when only its connection ended, and it begins anew on the next one. */
function problemOf(error: unknown): SluiceError | undefined {
  if (error instanceof RefusedError) return error;
  return error instanceof ClientFault && error.code === "invalid-request" ? error : undefined;
}

/** What becomes of a subscription or membership that did not begin: it is begun again after a while, or fails for good. */
export function onNotBegun(
  error: unknown,
  next: { readonly again: (delayMs: number) => void; readonly failed: (problem: SluiceError) => void },
): void {
  const problem = problemOf(error);
  if (problem === undefined) return;
  const delayMs = retryDelayMs(problem);
  if (delayMs === undefined) next.failed(problem);
  else next.again(delayMs);
}
