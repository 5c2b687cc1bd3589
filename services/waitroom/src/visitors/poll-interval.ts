/** When a visitor is to ask again: the nearer to the front, the sooner; and never all at once. */
import type { Random } from "@sluice/runtime";
import type { SessionStatus } from "../line/index.ts";

const atFrontMs = 1_000;
const perPositionMs = 10;
const longestMs = 30_000;
const whileReadyMs = 10_000;

/** Milliseconds until the next poll, with 20 % jitter either way; null when the session has ended and nothing will change any more. */
export function pollIntervalMs(status: SessionStatus, position: number, random: Random): number | null {
  if (status !== "waiting" && status !== "ready") return null;
  const middleMs =
    status === "ready" ? whileReadyMs : Math.min(atFrontMs + perPositionMs * (position - 1), longestMs);
  return Math.round(middleMs * (0.8 + 0.4 * random.unit()));
}
