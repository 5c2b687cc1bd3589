/** Where a message was before, for one that was moved as a dead letter or by a redrive. */
import Type from "typebox";
import type { MovedFrom } from "../../broker/api.ts";
import { instant, instantField, textOrNull } from "./fields.ts";

interface MovedFromFields {
  readonly reason: MovedFrom["reason"];
  readonly queue: string | null;
  readonly originQueue: string | null;
  readonly receiveCount: number;
  readonly movedAt: string;
  readonly lastError: string | null;
}

export const reasonField = (description: string) =>
  Type.Enum(["max-receives", "expired", "redrive"], { description });

export const movedFromSchema = Type.Unsafe<MovedFromFields | null>({
  description: "Null for a message that was sent to this queue.",
  ...Type.Object({
    reason: reasonField("Why: as a dead letter for the first two, or by a redrive."),
    queue: textOrNull("That it was moved from; null when that is there no more."),
    originQueue: textOrNull("That it was first sent to; null when that is there no more."),
    receiveCount: Type.Integer({ description: "In the queue that it was moved from." }),
    movedAt: instantField(),
    lastError: textOrNull("What its last consumer there said went wrong."),
  }),
  type: ["object", "null"],
});

export const movedFromOf = (moved: MovedFrom | undefined): MovedFromFields | null =>
  moved === undefined
    ? null
    : {
        reason: moved.reason,
        queue: moved.queue || null,
        originQueue: moved.originQueue || null,
        receiveCount: moved.receiveCount,
        movedAt: instant(moved.movedAtMs),
        lastError: moved.lastError || null,
      };
