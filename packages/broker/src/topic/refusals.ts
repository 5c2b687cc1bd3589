/** Every way in which the rules of topics and consumer groups say no. */

export const topicRefusals = [
  "unknown-topic",
  "unknown-partition",
  "unknown-group",
  "offset-out-of-range",
  "not-a-log",
  "body-too-large",
  "invalid-setting",
  "unknown-member",
  "stale-generation",
  "unexpected-offset",
] as const;

export type TopicRefusal = (typeof topicRefusals)[number];
