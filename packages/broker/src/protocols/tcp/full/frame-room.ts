/** How much of a list fits into one frame. */
import { answerBytesMax } from "./reads.ts";

/** How many of `things`, from `from` on, fit into one frame; at least one, because each alone does. */
export function fitting<Thing>(
  things: readonly Thing[],
  bytesOf: (thing: Thing) => number,
  from: number,
): number {
  let bytes = 0;
  let count = 0;
  for (let i = from; i < things.length; i++) {
    bytes += bytesOf(things[i] as Thing);
    if (bytes > answerBytesMax && count > 0) break;
    count++;
  }
  return count;
}
