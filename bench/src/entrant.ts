/** One thing that is measured in rounds, and what its rounds have given so far. */
import type { CpuUse, FigurePlan } from "./figure.ts";
import type { Frame } from "./process/profile.ts";
import type { Running } from "./process/running.ts";
import type { Tally } from "./tally.ts";

export interface Entrant {
  /** Processes, connections, batch sizes, durability: what one has to know to read the figures. */
  readonly how: string;
  /** Whose CPU is told, by what each is called in the table. */
  readonly processes: Readonly<Record<string, Running>>;
  readonly round: (seconds: number) => Promise<Tally>;
  /** One round gives them all. */
  readonly figures: readonly FigurePlan[];
  /** Given: it is not installed on this machine, and why. It has no rounds, and its figures say so. */
  readonly absent?: string;
}

/** The widest frames of one process while an entrant was measured. */
export interface ProcessProfile {
  /** The first figure of the entrant. */
  readonly figure: string;
  readonly process: string;
  readonly frames: readonly Frame[];
}

export class EntrantRounds {
  readonly entrant: Entrant;
  readonly #tallies: Tally[] = [];
  readonly #cpuSeconds = new Map<string, number>();

  constructor(entrant: Entrant) {
    this.entrant = entrant;
  }

  async measure(seconds: number): Promise<void> {
    const before = await this.#readCpu();
    const tally = await this.entrant.round(seconds);
    const after = await this.#readCpu();
    this.#tallies.push(tally);
    for (const [name, used] of after) this.#add(name, used - (before.get(name) ?? 0));
    for (const [name, used] of Object.entries(tally.cpuSeconds ?? {})) this.#add(name, used);
  }

  /** Samples every process of the entrant while `work` runs. */
  async profiled(work: () => Promise<void>): Promise<ProcessProfile[]> {
    const processes = Object.entries(this.entrant.processes);
    for (const [, running] of processes) await running.startProfile();
    await work();
    const profiles: ProcessProfile[] = [];
    for (const [process, running] of processes) {
      const figure = this.entrant.figures[0]?.figure ?? "";
      const frames = await running.stopProfile();
      // What is somebody else's has none.
      if (frames.length > 0) profiles.push({ figure, process, frames });
    }
    return profiles;
  }

  /** What the plan reads out of each round. */
  values(plan: FigurePlan): number[] {
    return this.#tallies.map((tally) => plan.read(tally));
  }

  get cpu(): CpuUse[] {
    const operations = this.#tallies.reduce((sum, tally) => sum + tally.operations, 0);
    return [...this.#cpuSeconds].map(([process, seconds]) => ({
      process,
      seconds,
      ...(operations > 0 ? { microsecondsPerOperation: (seconds * 1_000_000) / operations } : {}),
    }));
  }

  #add(name: string, seconds: number): void {
    this.#cpuSeconds.set(name, (this.#cpuSeconds.get(name) ?? 0) + seconds);
  }

  async #readCpu(): Promise<Map<string, number>> {
    const used = new Map<string, number>();
    for (const [name, running] of Object.entries(this.entrant.processes)) {
      used.set(name, await running.cpuSeconds());
    }
    return used;
  }
}
