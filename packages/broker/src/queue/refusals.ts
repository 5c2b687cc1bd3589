/** Every way in which the rules of a queue say no. Each protocol maps each of them, and does not compile when one is missing. */

export const queueRefusals = [
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
] as const;

export type QueueRefusal = (typeof queueRefusals)[number];

/** A refusal with a sentence for people that names the value and the bound. */
export interface Refused<Code extends string> {
  readonly ok: false;
  readonly refusal: Code;
  readonly detail: string;
}

export const refuse = <Code extends string>(refusal: Code, detail: string): Refused<Code> => ({
  ok: false,
  refusal,
  detail,
});
