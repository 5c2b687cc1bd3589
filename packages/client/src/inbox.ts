/** Between what arrives and who iterates: values wait here in order, and so do those who ask for one. */
import { SluiceError } from "./errors.ts";

export class Inbox<Value> {
  #waiting: Value[] = [];
  readonly #asked: PromiseWithResolvers<IteratorResult<Value>>[] = [];
  #isOver = false;
  #error: Error | undefined;

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Values that nobody has asked for yet. */
  get count(): number {
    return this.#waiting.length;
  }

  push(value: Value): void {
    if (this.#isOver) return;
    const asked = this.#asked.shift();
    if (asked === undefined) this.#waiting.push(value);
    else asked.resolve({ done: false, value });
  }

  /** Takes a value that is there. */
  shift(): Value | undefined {
    return this.#waiting.shift();
  }

  next(): Promise<IteratorResult<Value>> {
    if (this.#waiting.length > 0) {
      return Promise.resolve({ done: false, value: this.#waiting.shift() as Value });
    }
    if (this.#isOver) return this.#last();
    const asked = Promise.withResolvers<IteratorResult<Value>>();
    this.#asked.push(asked);
    return asked.promise;
  }

  /** Takes back what waits and does not fit. */
  keep(fits: (value: Value) => boolean): readonly Value[] {
    const dropped = this.#waiting.filter((value) => !fits(value));
    this.#waiting = this.#waiting.filter(fits);
    return dropped;
  }

  /** Nothing comes any more; what waits can still be taken. Whoever asks next hears of `error` once, unless the client was closed. */
  end(error?: Error): void {
    if (this.#isOver) return;
    this.#isOver = true;
    // That a client was closed is no news for the one who closed it.
    this.#error = error instanceof SluiceError && error.code === "closed" ? undefined : error;
    for (const asked of this.#asked.splice(0)) this.#last().then(asked.resolve, asked.reject);
  }

  #last(): Promise<IteratorResult<Value>> {
    const error = this.#error;
    this.#error = undefined;
    return error === undefined ? Promise.resolve({ done: true, value: undefined }) : Promise.reject(error);
  }
}
