/**
 * Who may do what, as far as this version knows it: static tokens, each the name of a principal with every permission. Only their hashes are
 * kept, and guessing is slowed by address.
 */
import { hash, timingSafeEqual } from "node:crypto";
import type { Clock } from "./clock.ts";
import type { Setting } from "./settings.ts";

/** Who speaks. */
export interface Principal {
  readonly name: string;
}

/** One token of `AUTH_TOKENS`, as a hash. */
export interface TokenHash extends Principal {
  /** SHA-256 of the token as UTF-8. */
  readonly sha256: Buffer;
  /** How long the token is: a short one can be guessed. */
  readonly characterCount: number;
}

/**
 * Whether a client is let in. `too-many-attempts` is also the answer to a right token while its address is being slowed, so that guessing
 * learns nothing meanwhile; `retryAfterMs` says when to come back. `sentence` is for the person behind the client.
 */
export type Admission =
  | { readonly ok: true; readonly principal: Principal }
  | { readonly ok: false; readonly reason: "missing-token" | "wrong-token"; readonly sentence: string }
  | {
      readonly ok: false;
      readonly reason: "too-many-attempts";
      readonly sentence: string;
      readonly retryAfterMs: number;
    };

export interface AccessOptions {
  /** None: everybody may do everything. */
  readonly tokens: readonly TokenHash[];
  readonly clock: Clock;
}

/** Wrong tokens that one address may send before it is slowed. */
const failureCountMax = 20;
/** After that it may send one in so many milliseconds. */
const forgivenAfterMs = 1_000;
/** Addresses that are remembered; the one that was met first goes first. */
const addressCountMax = 10_000;

/** What is known of one address. */
interface Visits {
  failureCount: number;
  /** When `failureCount` was counted. */
  atMs: number;
  /** Principals who were let in from here: what others at their address do is not held against them. */
  readonly letIn: Set<string>;
}

const nobodyInParticular: Principal = { name: "anyone" };

/** The one place where tokens are compared. HTTP, the classic roles and the full protocol all ask here. */
export class Access {
  readonly #tokens: readonly TokenHash[];
  readonly #clock: Clock;
  readonly #visits = new Map<string, Visits>();

  constructor({ tokens, clock }: AccessOptions) {
    this.#tokens = tokens;
    this.#clock = clock;
  }

  /** Whether a token is needed at all. */
  get required(): boolean {
    return this.#tokens.length > 0;
  }

  /** Addresses that are remembered. */
  get addressCount(): number {
    return this.#visits.size;
  }

  /** Whose token this is. Compares hashes in constant time and counts nothing: protocols call `admit`. */
  check(token: string | undefined): Principal | undefined {
    if (!this.required) return nobodyInParticular;
    if (token === undefined) return undefined;
    const sha256 = sha256Of(token);
    let found: Principal | undefined;
    // Every hash is looked at, so that the time does not tell which one it was.
    for (const each of this.#tokens) if (timingSafeEqual(each.sha256, sha256)) found = { name: each.name };
    return found;
  }

  /**
   * Whether the client at `address` (IPv4 or IPv6; undefined when it has none) is let in with `token`. An address may send 20 wrong tokens,
   * then one a second. A principal who was let in from there before is not slowed. A missing token is no guess and costs nothing.
   */
  admit(token: string | undefined, address: string | undefined): Admission {
    const principal = this.check(token);
    if (principal !== undefined && !this.required) return { ok: true, principal };
    if (token === undefined) {
      return {
        ok: false,
        reason: "missing-token",
        sentence: "This server wants a token, and none was sent.",
      };
    }
    const place = networkOf(address ?? "");
    const visits = this.#visitsOf(place);
    const overMax = visits.failureCount - failureCountMax + 1;
    if (overMax > 0 && (principal === undefined || !visits.letIn.has(principal.name))) {
      const sentence = "Too many wrong tokens came from this address; try again later.";
      const retryAfterMs = Math.ceil(overMax * forgivenAfterMs);
      return { ok: false, reason: "too-many-attempts", sentence, retryAfterMs };
    }
    if (principal !== undefined) {
      visits.letIn.add(principal.name);
      return { ok: true, principal };
    }
    visits.failureCount++;
    return { ok: false, reason: "wrong-token", sentence: "This server does not know the token." };
  }

  #visitsOf(place: string): Visits {
    const { monotonicMs } = this.#clock.now();
    const known = this.#visits.get(place);
    if (known !== undefined) {
      const forgiven = (monotonicMs - known.atMs) / forgivenAfterMs;
      known.failureCount = Math.max(0, known.failureCount - forgiven);
      known.atMs = monotonicMs;
      return known;
    }
    const visits: Visits = { failureCount: 0, atMs: monotonicMs, letIn: new Set() };
    this.#visits.set(place, visits);
    for (const oldest of this.#visits.keys()) {
      if (this.#visits.size <= addressCountMax) break;
      this.#visits.delete(oldest);
    }
    return visits;
  }
}

/** An IPv4 address, or the first 64 bits of an IPv6 one: whoever has one of those addresses has them all. */
function networkOf(address: string): string {
  const v4 = /(?:^|:)(\d+\.\d+\.\d+\.\d+)$/.exec(address)?.[1];
  if (v4 !== undefined) return v4;
  const [head = "", tail] = address.split("::");
  const groups = head === "" ? [] : head.split(":");
  if (tail !== undefined) {
    const behind = tail === "" ? [] : tail.split(":");
    while (groups.length + behind.length < 8) groups.push("0");
    groups.push(...behind);
  }
  return groups.slice(0, 4).join(":");
}

const sha256Of = (token: string): Buffer => hash("sha256", token, "buffer");

/** As a setting: pairs `name:token` separated by commas, hashed as they are read. The text appears in no message. */
export const tokenList = (meaning: string): Setting<readonly TokenHash[]> => ({
  meaning,
  example: "",
  fallback: [],
  secret: true,
  parse: (given) => {
    const tokens: TokenHash[] = [];
    for (const pair of given.split(",").map((each) => each.trim())) {
      if (pair === "") continue;
      const [, name, token] = /^([A-Za-z0-9][A-Za-z0-9._-]{0,63}):([!-~]+)$/.exec(pair) ?? [];
      if (name === undefined || token === undefined) return { expected: tokensExpected };
      const sha256 = sha256Of(token);
      const twin = tokens.find((each) => each.sha256.equals(sha256));
      if (twin !== undefined && twin.name !== name) {
        return { expected: `another token for ${name} than for ${twin.name}: they would be one` };
      }
      tokens.push({ name, sha256, characterCount: token.length });
    }
    return tokens.length === 0 ? { expected: tokensExpected } : { value: tokens };
  },
});

const tokensExpected =
  "name:token, or several separated by commas; a name has letters, digits, '.', '_' and '-', a token printable ASCII without blanks and commas";
