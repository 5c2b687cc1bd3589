/** A real broker on the memory journal, for the tests of the protocols. */
import { type Clock, type Registry, seededRandom } from "@sluice/runtime";
import { Broker } from "../../broker/broker.ts";
import { MemoryJournal } from "../../journal/memory-journal.ts";

export function openBroker(clock: Clock, metrics: Registry): Promise<Broker> {
  return Broker.open({ journal: new MemoryJournal(), clock, random: seededRandom(7), metrics });
}
