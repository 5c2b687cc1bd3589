/** What is said of a message that was moved from another queue, with names in place of numbers. */
import type { Provenance } from "../queue/message.ts";
import type { MovedFrom } from "./api.ts";
import type { Catalog } from "./catalog.ts";

export function movedFromOf(catalog: Catalog, provenance: Provenance | undefined): MovedFrom | undefined {
  if (provenance === undefined) return undefined;
  const { reason, from, originQueue, receiveCount, movedAtMs, lastError } = provenance;
  const name = (number: number) => catalog.entry(number)?.name ?? "";
  return { reason, queue: name(from), originQueue: name(originQueue), receiveCount, movedAtMs, lastError };
}
