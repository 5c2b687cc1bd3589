/**
 * Connections that were negotiated: a token is the right to open one, once, and for a while. The token is a secret and stays out of
 * logs.
 */
import type { Clock, Random } from "@sluice/runtime";
import type { HubLimits } from "./limits.ts";

export interface Reservation {
  /** Public name of the connection. */
  readonly connectionId: string;
  /** 128 random bits, base64url. With version 0 of negotiate it is the connection id, because that version has no other name. */
  readonly connectionToken: string;
}

export type Claim =
  | { readonly ok: true; readonly connectionId: string }
  | { readonly ok: false; readonly refusal: "unknown-token" | "already-connected" };

/** A name for a connection, or its secret: 128 random bits, base64url. */
export function newConnectionName(random: Random): string {
  return Buffer.from(random.bytes(16)).toString("base64url");
}

export class Reservations {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #limits: Pick<HubLimits, "reservationMs" | "reservationCountMax">;
  /** In the order in which they expire, because all of them live equally long. */
  readonly #waiting = new Map<string, { readonly connectionId: string; readonly expiresMs: number }>();
  readonly #claimed = new Set<string>();

  constructor(
    clock: Clock,
    random: Random,
    limits: Pick<HubLimits, "reservationMs" | "reservationCountMax">,
  ) {
    this.#clock = clock;
    this.#random = random;
    this.#limits = limits;
  }

  get waitingCount(): number {
    return this.#waiting.size;
  }

  /** Undefined when too many are waiting. */
  make(negotiateVersion: 0 | 1): Reservation | undefined {
    this.expire();
    if (this.#waiting.size >= this.#limits.reservationCountMax) return undefined;
    const connectionId = newConnectionName(this.#random);
    const connectionToken = negotiateVersion === 0 ? connectionId : newConnectionName(this.#random);
    const expiresMs = this.#clock.now().monotonicMs + this.#limits.reservationMs;
    this.#waiting.set(connectionToken, { connectionId, expiresMs });
    return { connectionId, connectionToken };
  }

  /** Uses a token up. `release` it when its transport has gone. */
  claim(connectionToken: string): Claim {
    this.expire();
    if (this.#claimed.has(connectionToken)) return { ok: false, refusal: "already-connected" };
    const waiting = this.#waiting.get(connectionToken);
    if (waiting === undefined) return { ok: false, refusal: "unknown-token" };
    this.#waiting.delete(connectionToken);
    this.#claimed.add(connectionToken);
    return { ok: true, connectionId: waiting.connectionId };
  }

  release(connectionToken: string): void {
    this.#claimed.delete(connectionToken);
  }

  /** Forgets the tokens whose time is over. */
  expire(): void {
    const nowMs = this.#clock.now().monotonicMs;
    for (const [token, { expiresMs }] of this.#waiting) {
      if (expiresMs > nowMs) return;
      this.#waiting.delete(token);
    }
  }
}
