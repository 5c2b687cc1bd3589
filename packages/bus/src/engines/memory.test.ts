/** The memory engine is an engine. */
import { VirtualClock } from "@sluice/testkit";
import { engineConformance } from "./conformance.ts";
import { MemoryEngine } from "./memory.ts";

engineConformance("memory engine", async () => MemoryEngine.open({ clock: new VirtualClock() }));
