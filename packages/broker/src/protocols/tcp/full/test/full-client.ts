/** The client's end of a SLUICE/1 connection in a test: frames out, frames in, one at a time and in the order in which they come. */
import type { Duplex } from "node:stream";
import { encodeFrame, FrameReader } from "@sluice/protocol";
import * as full from "@sluice/protocol/full";

export type Came = full.ServerFrame | full.WireFault | { readonly verb: "closed"; readonly id: 0 };
type Write = (to: full.FrameWriter, id: number) => void;
type Verb = Came["verb"];

/** A client reads nothing until it is first asked for a frame. */
export class FullClient {
  readonly stream: Duplex;
  readonly #frames = new FrameReader(full.fullFrameBytesMax);
  readonly #decoder = new full.ReplyDecoder();
  readonly #to = new full.FrameWriter();
  readonly #inbox: Came[] = [];
  #wake: (() => void) | undefined;
  #reading = false;
  #nextId = 1;

  constructor(stream: Duplex) {
    this.stream = stream;
    stream.on("error", () => stream.destroy());
  }

  /** Says the role and hello, and returns the welcome. */
  async hello(hello: Partial<full.Hello> = {}): Promise<full.Welcome> {
    this.role();
    const id = this.say((to, of) => full.writeHello(to, { ...plainHello, ...hello, id: of }));
    return this.expect("welcome", id);
  }

  role(): this {
    this.stream.write(encodeFrame(Buffer.from("SLUICE/1")));
    return this;
  }

  /** Writes one frame under the next id, which it returns. */
  say(write: Write): number {
    const id = this.#nextId++;
    write(this.#to, id);
    this.#send();
    return id;
  }

  /** Writes what has an id of its own. */
  tell(write: (to: full.FrameWriter) => void): this {
    write(this.#to);
    this.#send();
    return this;
  }

  raw(bytes: Uint8Array): this {
    this.stream.write(bytes);
    return this;
  }

  /** A request and its answer, whatever comes before it. */
  async ask<V extends Verb>(verb: V, write: Write): Promise<Extract<Came, { readonly verb: V }>> {
    return this.expect(verb, this.say(write));
  }

  /** The next frame of that verb (and id); fails on a refusal, an error or the end in its place. Others are put back. */
  async expect<V extends Verb>(verb: V, id?: number): Promise<Extract<Came, { readonly verb: V }>> {
    const passed: Came[] = [];
    for (;;) {
      const came = await this.next();
      if (came.verb === verb && (id === undefined || came.id === id)) {
        this.#inbox.unshift(...passed);
        return came as Extract<Came, { readonly verb: V }>;
      }
      const ends = came.verb === "closed" || came.verb === "error" || came.verb === "unreadable";
      if (ends || (came.verb === "refused" && came.id === id)) {
        throw new Error(`waiting for ${verb}, there came ${JSON.stringify(came)}`);
      }
      passed.push(came);
    }
  }

  /** The next frame of all. */
  async next(): Promise<Came> {
    this.#read();
    for (;;) {
      const came = this.#inbox.shift();
      if (came !== undefined) return came;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** What has come so far. */
  get arrived(): readonly Came[] {
    this.#read();
    return this.#inbox;
  }

  end(): this {
    this.stream.end();
    return this;
  }

  destroy(): void {
    this.stream.destroy();
  }

  #send(): void {
    for (const block of this.#to.take()) this.stream.write(block);
  }

  #read(): void {
    if (this.#reading) return;
    this.#reading = true;
    this.stream.on("data", (bytes: Uint8Array) => {
      for (const payload of this.#frames.push(bytes)) this.#give(this.#decoder.decode(payload));
    });
    let closed = false;
    const close = (): void => {
      if (closed) return;
      closed = true;
      if (!this.stream.destroyed) this.stream.end();
      this.#give({ verb: "closed", id: 0 });
    };
    this.stream.on("end", close);
    this.stream.on("close", close);
  }

  #give(came: Came): void {
    this.#inbox.push(came);
    this.#wake?.();
    this.#wake = undefined;
  }
}

const plainHello = {
  major: 1,
  minor: 0,
  client: "test",
  token: "",
  producer: "",
  heartbeatMs: 0,
  wants: [],
} as const;
