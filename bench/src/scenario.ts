/** A scenario: the entrants that belong into one comparison, what they need, and where that is started. */
import { type Part, PartMissing } from "@sluice/testbed";
import { contest, type Outcome } from "./contest.ts";
import type { Effort } from "./effort.ts";
import type { Entrant } from "./entrant.ts";
import type { FigurePlan } from "./figure.ts";
import { cpuSecondsOf } from "./process/by-id.ts";
import type { LoadName, LoadOptions, ServerName, ServerOptions } from "./process/runners.ts";
import type { Place, Running, RunningLoad, RunningServer } from "./process/running.ts";

export interface Scenario {
  /** What `--only` takes. */
  readonly name: string;
  readonly run: (bench: Bench) => Promise<Outcome>;
}

/** What a scenario works with. Whatever it started ends with it. */
export class Bench implements AsyncDisposable {
  readonly effort: Effort;
  readonly #place: Place;
  readonly #started = new AsyncDisposableStack();

  constructor(effort: Effort, place: Place) {
    this.effort = effort;
    this.#place = place;
  }

  async server<Name extends ServerName>(name: Name, options: ServerOptions<Name>): Promise<RunningServer> {
    return this.#started.use(await this.#place.server(name, options));
  }

  async load<Name extends LoadName>(name: Name, options: LoadOptions<Name>): Promise<RunningLoad> {
    return this.#started.use(await this.#place.load(name, options));
  }

  /** Starts a server of somebody else's; resolves with a sentence when it is not installed here. */
  async peer<Peer extends Part>(start: () => Promise<Peer>): Promise<Peer | string> {
    try {
      return this.#started.use(await start());
    } catch (error) {
      if (error instanceof PartMissing) return error.message;
      throw error;
    }
  }

  /** Measures the entrants in turns. */
  contest(entrants: readonly Entrant[], rounds?: number): Promise<Outcome> {
    return contest(this.effort, entrants, rounds);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#started.disposeAsync();
  }
}

/** An entrant that is one process alone. */
export function alone(load: RunningLoad, how: string, figures: readonly FigurePlan[]): Entrant {
  return { how, processes: { process: load }, round: (seconds) => load.round(seconds), figures };
}

/** An entrant whose load starts processes of its own and tells their CPU; what the load uses itself is no matter. */
export function unattended(round: Entrant["round"], how: string, figures: readonly FigurePlan[]): Entrant {
  return { how, processes: {}, round, figures };
}

/** An entrant that is a server and, in a process beside it, what makes work for it. */
export function served(
  server: RunningServer,
  generator: RunningLoad,
  how: string,
  figures: readonly FigurePlan[],
): Entrant {
  const round = (seconds: number) => generator.round(seconds);
  return { how, processes: { server, generator }, round, figures };
}

/** An entrant that is somebody else's server and our load on it, or the word that it is not installed here. */
export async function besidePeer<Peer extends Part>(
  peer: Peer | string,
  open: (peer: Peer) => Promise<RunningLoad>,
  how: string,
  figures: readonly FigurePlan[],
): Promise<Entrant> {
  if (typeof peer === "string") {
    const round = (): Promise<never> => Promise.reject(new TypeError("what is not there has no rounds"));
    return { how, processes: {}, round, figures, absent: peer };
  }
  const generator = await open(peer);
  const round = (seconds: number) => generator.round(seconds);
  const processes = { server: foreign(peer.pid), generator };
  return { how: `${peer.description}; ${how}`, processes, round, figures };
}

/** Of somebody else's process the system tells the CPU, on Linux; nobody samples it. */
function foreign(pid: number | undefined): Running {
  return {
    cpuSeconds: async () => (pid === undefined ? undefined : await cpuSecondsOf(pid)) ?? Number.NaN,
    startProfile: async () => {},
    stopProfile: async () => [],
    [Symbol.asyncDispose]: async () => {},
  };
}
