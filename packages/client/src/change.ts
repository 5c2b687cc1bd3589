/** Requests that change something and are answered with nothing but what the change rests on. */
import type { WireDurability } from "@sluice/protocol/full";
import type { Context } from "./context.ts";
import type { RequestOptions, WriteRequest } from "./request.ts";

/** What the answer to a change rests on. */
export interface Kept {
  readonly durability: WireDurability;
}

export async function change(
  { link }: Context,
  write: WriteRequest,
  options: RequestOptions<"changed"> = {},
): Promise<Kept> {
  const { durability } = await link.outbox.ask("changed", write, options);
  return { durability };
}

/** Of requests that have another effect when they are made twice: they wait for a connection, and end with it when they were sent. */
export const once = { survives: "unsent" } as const;
