/**
 * The session token: what a visitor shows to see or leave a session. It is derived from the session id by a secret of ours, so that a
 * repeated join can be answered with the same one though neither the log nor the memory holds it.
 */
import { createHmac, timingSafeEqual } from "node:crypto";

export class SessionTokens {
  readonly #secret: Buffer;

  /** `secret`: base64url of 32 bytes. */
  constructor(secret: string) {
    this.#secret = Buffer.from(secret, "base64url");
  }

  /** 256 bits in base64url (43 characters). */
  of(sessionId: string): string {
    return this.#derive(sessionId).toString("base64url");
  }

  /** Whether `token` is the one of `sessionId`. Takes as long whichever byte differs. */
  matches(sessionId: string, token: string): boolean {
    const given = Buffer.from(token, "base64url");
    const right = this.#derive(sessionId);
    return given.length === right.length && timingSafeEqual(given, right);
  }

  #derive(sessionId: string): Buffer {
    return createHmac("sha256", this.#secret).update(`session-token:${sessionId}`).digest();
  }
}
