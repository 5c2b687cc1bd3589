/**
 * The checkout token: a JWT (RFC 7519) signed with EdDSA over Ed25519 (RFC 8037), which a shop verifies by the published keys without
 * asking us. Ed25519 is deterministic: the same admission gives the same token, byte for byte, however often it is told.
 */
import { createPrivateKey, createPublicKey, type KeyObject, sign } from "node:crypto";
import { assert } from "@sluice/runtime";
import type { SigningKey, WaitroomKeys } from "./keys.ts";

/** What a token says. `exp` and `iat` are whole seconds, as RFC 7519 counts them. */
export interface Admission {
  readonly tokenId: string;
  readonly sessionId: string;
  readonly eventId: string;
  readonly userId: string;
  readonly admittedAtMs: number;
  readonly expiresAtMs: number;
  /** Which of our keys signs it. */
  readonly keyId: string;
}

/** A public key as a JWK set has it (RFC 7517, RFC 8037 §2). */
export interface PublicJwk {
  readonly kty: "OKP";
  readonly crv: "Ed25519";
  readonly x: string;
  readonly kid: string;
  readonly use: "sig";
  readonly alg: "EdDSA";
}

interface Signer {
  readonly key: KeyObject;
  /** The encoded header: the same for each token of a key. */
  readonly header: string;
}

export class CheckoutTokens {
  readonly #issuer: string;
  readonly #signers: ReadonlyMap<string, Signer>;
  /** What `/.well-known/jwks.json` answers. */
  readonly jwks: { readonly keys: readonly PublicJwk[] };
  /** The `kid` of the key that signs new tokens. */
  readonly keyId: string;

  /** `issuer` becomes the claim `iss`. The first of `keys.signing` signs; all of them are published. */
  constructor(issuer: string, keys: WaitroomKeys) {
    const [first] = keys.signing;
    assert(first !== undefined, "there is a key to sign with");
    this.#issuer = issuer;
    this.keyId = first.kid;
    this.#signers = new Map(keys.signing.map((key) => [key.kid, signerOf(key)]));
    this.jwks = { keys: keys.signing.map(publicJwk) };
  }

  /** The compact form: header, claims and signature in base64url, with dots between. */
  sign(admission: Admission): string {
    const signer = this.#signers.get(admission.keyId);
    assert(signer !== undefined, `the key ${admission.keyId} that the log names is kept`);
    const claims = encode({
      iss: this.#issuer,
      sub: admission.sessionId,
      jti: admission.tokenId,
      event_id: admission.eventId,
      user_id: admission.userId,
      iat: Math.floor(admission.admittedAtMs / 1000),
      exp: Math.floor(admission.expiresAtMs / 1000),
    });
    const signed = `${signer.header}.${claims}`;
    return `${signed}.${sign(null, Buffer.from(signed), signer.key).toString("base64url")}`;
  }
}

function signerOf({ kid, jwk }: SigningKey): Signer {
  return {
    key: createPrivateKey({ key: { ...jwk }, format: "jwk" }),
    header: encode({ alg: "EdDSA", typ: "JWT", kid }),
  };
}

function publicJwk({ kid, jwk }: SigningKey): PublicJwk {
  const { x } = createPublicKey({ key: { ...jwk }, format: "jwk" }).export({ format: "jwk" });
  assert(x !== undefined, "an Ed25519 key has an x");
  return { kty: "OKP", crv: "Ed25519", x, kid, use: "sig", alg: "EdDSA" };
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}
