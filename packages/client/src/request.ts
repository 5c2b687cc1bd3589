/** One request from the call to its answer, across as many connections as that takes. */
import type { Answer, FrameWriter } from "@sluice/protocol/full";
import { ClientFault } from "./errors.ts";

export type AnswerVerb = Answer["verb"];
export type AnswerOf<Verb extends AnswerVerb> = Extract<Answer, { readonly verb: Verb }>;

export type WriteRequest = (to: FrameWriter, id: number) => void;

export type Survives = boolean | "unsent";

export interface RequestOptions<Verb extends AnswerVerb = AnswerVerb> {
  /** What it keeps in memory until it is answered, in bytes, roughly. Default 0. */
  readonly bytes?: number;
  /**
   * Goes before the others, and is taken when `outgoingBytesMax` is reached: what settles a delivery makes room, and must not wait
   * for room. Default false.
   */
  readonly urgent?: boolean;
  /**
   * Asked again on the next connection when this one ends without an answer. `unsent`: only when it was not sent yet, because done twice
   * it would have another effect. False: it belongs to this connection. Default true.
   */
  readonly survives?: Survives;
  /** How long the server was asked to wait, in milliseconds: the client's time for an answer begins after it. Default 0. */
  readonly waitMs?: number;
  readonly signal?: AbortSignal | undefined;
  /** Gets an answer that nobody waits for any more. */
  readonly late?: (answer: AnswerOf<Verb>) => void;
}

export class Request {
  readonly expects: AnswerVerb;
  readonly write: WriteRequest;
  readonly bytes: number;
  readonly isUrgent: boolean;
  readonly survives: Survives;
  readonly dueMs: number;
  /** On the present connection; 0 while it waits for one. */
  id = 0;
  readonly #resolve: (answer: Answer) => void;
  readonly #reject: (error: unknown) => void;
  readonly #late: ((answer: Answer) => void) | undefined;
  readonly #over: (request: Request) => void;
  #isOver = false;

  constructor(
    expects: AnswerVerb,
    write: WriteRequest,
    options: {
      readonly bytes: number;
      readonly isUrgent: boolean;
      readonly survives: Survives;
      readonly dueMs: number;
      readonly resolve: (answer: Answer) => void;
      readonly reject: (error: unknown) => void;
      readonly late: ((answer: Answer) => void) | undefined;
      /** Called when nobody waits for it any more. */
      readonly over: (request: Request) => void;
    },
  ) {
    this.expects = expects;
    this.write = write;
    this.bytes = options.bytes;
    this.isUrgent = options.isUrgent;
    this.survives = options.survives;
    this.dueMs = options.dueMs;
    this.#resolve = options.resolve;
    this.#reject = options.reject;
    this.#late = options.late;
    this.#over = options.over;
  }

  /** Nobody waits for it any more: it was answered, refused, aborted, or took too long. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Whether the answer is one to this request. */
  answer(answer: Answer): boolean {
    if (answer.verb !== this.expects) {
      this.fail(
        new ClientFault("protocol-fault", `The server answered ${answer.verb}, not ${this.expects}.`),
      );
      return false;
    }
    if (this.#isOver) this.#late?.(answer);
    else {
      this.#end();
      this.#resolve(answer);
    }
    return true;
  }

  fail(error: unknown): void {
    if (this.#isOver) return;
    this.#end();
    this.#reject(error);
  }

  #end(): void {
    this.#isOver = true;
    this.#over(this);
  }
}
