/** The broker in process is an engine. */
import { Broker } from "@sluice/broker";
import { MemoryJournal } from "@sluice/broker/journal";
import { seededRandom } from "@sluice/runtime";
import { VirtualClock } from "@sluice/testkit";
import { BrokerEngine } from "./broker.ts";
import { engineConformance } from "./conformance.ts";

engineConformance("broker engine", async () => {
  const [clock, random] = [new VirtualClock(), seededRandom(1)];
  const broker = await Broker.open({ journal: new MemoryJournal(), clock, random });
  return BrokerEngine.open({ broker, clock, random, durability: "memory" });
});
