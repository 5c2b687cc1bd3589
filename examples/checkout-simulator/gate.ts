/** The shop's door: who comes without a valid checkout token stays outside. Verified here, by the published keys, without asking anybody. */
import { createPublicKey, type KeyObject, verify } from "node:crypto";
import type { Clock } from "@sluice/runtime";

/** Who claims to have been let in. */
export interface Claim {
  readonly session_id: string;
  readonly user_id: string;
  readonly event_id: string;
}

export class Gate {
  readonly #url: string;
  readonly #clock: Clock;
  #keys: ReadonlyMap<string, KeyObject> = new Map();
  #fetching: Promise<ReadonlyMap<string, KeyObject>> | undefined;

  /** Fetches keys from `url` when it meets one that it does not know. */
  constructor(url: string, clock: Clock) {
    this.#url = url;
    this.#clock = clock;
  }

  /** Why the bearer of `token` may not enter; undefined: may. Rejects when the keys cannot be had right now. */
  async refusal(token: string, claim: Claim): Promise<string | undefined> {
    const [header = "", payload = "", signature = ""] = token.split(".");
    const { alg, kid } = decode(header);
    if (alg !== "EdDSA" || typeof kid !== "string") return "the token is not signed as agreed";
    const key = this.#keys.get(kid) ?? (await this.#freshKeys()).get(kid);
    if (key === undefined) return "the token is signed by a stranger";
    const signed = Buffer.from(`${header}.${payload}`);
    if (!verify(null, signed, key, Buffer.from(signature, "base64url"))) return "the signature is wrong";
    const { sub, user_id, event_id, exp } = decode(payload);
    if (sub !== claim.session_id || user_id !== claim.user_id || event_id !== claim.event_id) {
      return "the token is somebody else's";
    }
    return typeof exp === "number" && exp * 1000 > this.#clock.now().wallMs
      ? undefined
      : "the token has expired";
  }

  /** Those who come at the same time wait for the same answer. */
  #freshKeys(): Promise<ReadonlyMap<string, KeyObject>> {
    this.#fetching ??= this.#fetchKeys().finally(() => {
      this.#fetching = undefined;
    });
    return this.#fetching;
  }

  async #fetchKeys(): Promise<ReadonlyMap<string, KeyObject>> {
    const answer = await fetch(new URL("/.well-known/jwks.json", this.#url));
    const { keys } = (await answer.json()) as { readonly keys: readonly { readonly kid: string }[] };
    this.#keys = new Map(keys.map((key) => [key.kid, createPublicKey({ key: { ...key }, format: "jwk" })]));
    return this.#keys;
  }
}

function decode(part: string): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(Buffer.from(part, "base64url").toString("utf8"));
  } catch {
    return {};
  }
}
