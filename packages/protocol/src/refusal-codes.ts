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

/** What a connection, or a request on it, was refused for in the full protocol. */
export const fullCodes = {
  "hello-expected": "The first frame was no hello, or a second hello came.",
  "hello-timeout": "The hello did not arrive in time.",
  "unsupported-version": "The client speaks another major version.",
  "unsupported-feature": "The client cannot do without a feature that this server does not have.",
  unauthorized: "The token is missing or not one that this server knows.",
  malformed: "A payload does not follow the grammar of its verb.",
  "unknown-verb": "The payload has a verb that this server does not know.",
  "invalid-field": "A field has a value that cannot be.",
  cancelled: "The client cancelled the request.",
  "unknown-membership": "The connection has no such membership.",
  "heartbeat-missed": "Nothing was heard from the client for two heartbeat intervals.",
  "frame-timeout": "A frame began and was not completed in time.",
  "session-timeout": "The member did not beat for its session timeout.",
  replaced: "Another connection has joined under the name of the member.",
} as const satisfies Record<string, string>;

/** What the broker refused; each has the meaning that the broker's rules give it. */
export const brokerCodes = [
  "unknown-queue",
  "unknown-message",
  "stale-receipt",
  "queue-full",
  "body-too-large",
  "invalid-setting",
  "invalid-message",
  "message-in-flight",
  "redrive-running",
  "unknown-redrive",
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
  "stale-sequence",
  "limit-exceeded",
  "memory-full",
  "disk-full",
  "too-many-consumers",
  "storage-failed",
  "shutting-down",
] as const;

export type ConnectionCode = keyof typeof connectionCodes;
export type FullCode = keyof typeof fullCodes;
export type BrokerCode = (typeof brokerCodes)[number];
export type RefusalCode = ConnectionCode | FullCode | BrokerCode;
