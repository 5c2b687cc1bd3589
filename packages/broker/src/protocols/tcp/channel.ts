/** Which queue or topic a classic connection speaks to: what its role says, else the channel `default` of the delivery mode. */
import type { ConnectionCode, Role } from "@sluice/protocol";

/** What the channel `default` is: every consumer hears everything, or each message goes to one. */
export type DeliveryMode = "broadcast" | "queue";

export interface Channel {
  readonly kind: "topic" | "queue";
  readonly name: string;
}

export interface ChannelFault {
  readonly code: ConnectionCode;
  readonly sentence: string;
}

export const defaultChannelName = "default";

export function defaultChannel(mode: DeliveryMode): Channel {
  return { kind: mode === "broadcast" ? "topic" : "queue", name: defaultChannelName };
}

/** `token` is looked at before: who may not come in learns nothing about channels. */
const known: ReadonlySet<string> = new Set(["queue", "topic", "token"]);

export function channelOf(role: Role, mode: DeliveryMode): Channel | ChannelFault {
  for (const name of role.parameters.keys()) {
    if (!known.has(name)) {
      return { code: "unknown-parameter", sentence: `The parameter ${name} is none of queue, topic, token.` };
    }
  }
  const queue = role.parameters.get("queue");
  const topic = role.parameters.get("topic");
  if (queue !== undefined && topic !== undefined) {
    return { code: "malformed-role", sentence: "A connection speaks to a queue or to a topic, not to both." };
  }
  if (queue !== undefined) return { kind: "queue", name: queue };
  if (topic !== undefined) return { kind: "topic", name: topic };
  return defaultChannel(mode);
}
