/** Many clients at work at once, over the ends of the processes that they work with: what each has done, and whether one of them failed. */
import { Change } from "./change.ts";
import { Cut } from "./http-client.ts";
import type { Incarnation } from "./incarnations.ts";

/**
 * The work of one client with one process: goes on until its connection is cut, and then throws `Cut`. Calls `done` after each thing
 * that it has done. Returning is a mistake.
 */
export type Work = (at: Incarnation, done: () => void) => Promise<never>;

export class Load {
  readonly #work: { readonly name: string; readonly work: Work }[] = [];
  readonly #counts = new Map<string, number>();
  readonly #failure = Promise.withResolvers<never>();
  #under: Promise<unknown> = Promise.resolve();
  readonly #change = new Change();
  /** Who has done something last. */
  #last: string | undefined;

  constructor() {
    this.#failure.promise.catch(() => undefined);
  }

  /** Adds a client. Clients of one name are counted together. */
  add(name: string, work: Work): void {
    this.#work.push({ name, work });
  }

  /** Lets every client work with this process, from the start of a new count. */
  begin(at: Incarnation): void {
    for (const { name } of this.#work) this.#counts.set(name, 0);
    this.#under = Promise.all(this.#work.map((each) => this.#run(each, at)));
  }

  /** The names of the clients. */
  get names(): readonly string[] {
    return [...new Set(this.#work.map(({ name }) => name))];
  }

  /**
   * Resolves when the clients of each name have done `each` things with this process, and all together `total`; with `by`, at the very
   * moment at which a client of that name has done one more.
   */
  async reached(each: number, total: number, by?: string): Promise<void> {
    for (;;) {
      const counts = [...this.#counts.values()];
      const sum = counts.reduce((so, count) => so + count, 0);
      const enough = sum >= total && counts.every((count) => count >= each);
      if (enough && (by === undefined || this.#last === by)) return;
      await Promise.race([this.#change.next(), this.#failure.promise]);
    }
  }

  /** Resolves when every client has been cut from a process that has ended. Rejects when one has failed. */
  async ended(): Promise<void> {
    await Promise.race([this.#under, this.#failure.promise]);
  }

  /** What was done with this process, by name. */
  get counts(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#counts);
  }

  async #run({ name, work }: { readonly name: string; readonly work: Work }, at: Incarnation): Promise<void> {
    const done = (): void => {
      this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
      this.#last = name;
      this.#change.notify();
    };
    try {
      await work(at, done);
    } catch (error) {
      // A cut is what a kill looks like; without one it is a failure of the process.
      if (error instanceof Cut && at.ending !== undefined) return;
      this.#failure.reject(new Error(`${name} with process ${at.number}`, { cause: error }));
    }
  }
}
