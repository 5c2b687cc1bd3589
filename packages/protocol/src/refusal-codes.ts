/** Every code that an answer on the framed protocol can carry. Stable: a code is never renamed and never gets a second meaning. */

/** What the connection itself was refused for. */
export const connectionCodes = {
  "unknown-role": "The connection did not start with a role.",
  "malformed-role": "The role was recognised, but its frame or its parameters do not parse.",
  "unknown-parameter": "The role carries a parameter that this server does not know.",
  "role-timeout": "The role did not arrive in time.",
  "frame-too-large": "A frame announced more bytes than this server takes.",
  "incomplete-frame":
    "The producer ended its side in the middle of a frame, which is discarded; the frames before it count.",
  "unexpected-bytes": "A consumer sent something after its role.",
  "too-many-connections": "The server has as many connections as it takes.",
  "slow-consumer": "The consumer's buffer was full and the server is set to end such connections.",
} as const satisfies Record<string, string>;

/** What the broker refused; each has the meaning that the broker's rules give it. */
export const brokerCodes = [
  "unknown-queue",
  "unknown-message",
  "stale-receipt",
  "queue-full",
  "body-too-large",
  "invalid-setting",
  "unknown-topic",
  "unknown-partition",
  "unknown-group",
  "offset-out-of-range",
  "not-a-log",
  "unknown-member",
  "stale-generation",
  "unexpected-offset",
  "invalid-name",
  "owned-topic",
  "limit-exceeded",
  "memory-full",
  "too-many-consumers",
  "storage-failed",
  "shutting-down",
] as const;

export type ConnectionCode = keyof typeof connectionCodes;
export type BrokerCode = (typeof brokerCodes)[number];
export type RefusalCode = ConnectionCode | BrokerCode;
