/** What a queue, a topic, a group or a member may be called. */
import { type Refused, refuse } from "../queue/refusals.ts";

/** As long as Kafka allows a topic's name to be, so that every name can move there. */
export const nameLengthMax = 249;

const namePattern = /^[A-Za-z0-9._-]+$/;

/** Undefined when the name is fine; else the refusal. Names are case-sensitive. */
export function refuseName(
  what: "queue" | "topic" | "group" | "member",
  name: string,
): Refused<"invalid-name"> | undefined {
  if (
    name.length >= 1 &&
    name.length <= nameLengthMax &&
    namePattern.test(name) &&
    name !== "." &&
    name !== ".."
  ) {
    return undefined;
  }
  const shown = name.length > 60 ? `${name.slice(0, 60)}…` : name;
  return refuse(
    "invalid-name",
    `'${shown}' is no name for a ${what}: 1 to ${nameLengthMax} letters, digits, '.', '_' or '-' of ASCII, not '.' or '..'.`,
  );
}
