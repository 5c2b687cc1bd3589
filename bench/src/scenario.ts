/** A scenario: the entrants that belong into one comparison, what they need, and where that is started. */
import { contest, type Outcome } from "./contest.ts";
import type { Effort } from "./effort.ts";
import type { Entrant } from "./entrant.ts";
import type { FigurePlan } from "./figure.ts";
import type { LoadName, LoadOptions, ServerName, ServerOptions } from "./process/runners.ts";
import type { Place, RunningLoad, RunningServer } from "./process/running.ts";

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
