/** What hello is answered with: welcome, or why this client cannot be served. */
import type { FullCode } from "@sluice/protocol";
import { type Hello, protocolVersion, type Welcome } from "@sluice/protocol/full";
import type { FullBroker } from "./full-broker.ts";
import { type FullLimits, wireLimits } from "./limits.ts";

/** Whether a client with this token (undefined: none) at this address (undefined: it has none) may speak to the broker. */
export type Authenticate = (
  token: string | undefined,
  address: string | undefined,
) => { readonly ok: true } | { readonly ok: false; readonly sentence: string };

export interface GreetingOptions {
  readonly broker: FullBroker;
  readonly limits: FullLimits;
  readonly authenticate: Authenticate;
  readonly address: string | undefined;
  /** Names this connection. */
  readonly session: string;
}

export type Greeting =
  | { readonly ok: true; readonly welcome: Omit<Welcome, "verb"> }
  | { readonly ok: false; readonly code: FullCode; readonly sentence: string };

export function greet(
  hello: Hello,
  { broker, limits, authenticate, address, session }: GreetingOptions,
): Greeting {
  const { major, minor } = protocolVersion;
  if (hello.major !== major) {
    const sentence = `The client speaks SLUICE/${hello.major}; this server speaks SLUICE/${major}.`;
    return { ok: false, code: "unsupported-version", sentence };
  }
  const admission = authenticate(hello.token === "" ? undefined : hello.token, address);
  if (!admission.ok) return { ok: false, code: "unauthorized", sentence: admission.sentence };
  const missing = hello.wants.find((feature) => !broker.features.includes(feature));
  if (missing !== undefined) {
    const sentence = `The client cannot do without '${missing.slice(0, 60)}', which this server does not have.`;
    return { ok: false, code: "unsupported-feature", sentence };
  }
  return {
    ok: true,
    welcome: {
      id: hello.id,
      major,
      minor: Math.min(hello.minor, minor),
      server: "sluice",
      session,
      durability: broker.durability,
      heartbeatMs: heartbeat(hello.heartbeatMs, limits),
      limits: wireLimits(limits),
      features: broker.features,
    },
  };
}

function heartbeat(wantedMs: number, { heartbeatMs, heartbeatMsMin, heartbeatMsMax }: FullLimits): number {
  return wantedMs === 0 ? heartbeatMs : Math.min(Math.max(wantedMs, heartbeatMsMin), heartbeatMsMax);
}
