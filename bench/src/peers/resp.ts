/** RESP2, the protocol of Redis, as far as the bench speaks it. Bulk strings stay bytes: nobody reads the messages. */

export type RespReply = Uint8Array | string | number | null | RespError | readonly RespReply[];

export class RespError {
  readonly sentence: string;

  constructor(sentence: string) {
    this.sentence = sentence;
  }
}

/** A command as Redis reads it. */
export function encodeCommand(words: readonly (string | Uint8Array)[]): Buffer {
  const parts: Buffer[] = [Buffer.from(`*${words.length}\r\n`)];
  for (const word of words) {
    const bytes = Buffer.from(word);
    parts.push(Buffer.from(`$${bytes.length}\r\n`), bytes, Buffer.from("\r\n"));
  }
  return Buffer.concat(parts);
}

const [carriageReturn, lineEndBytes] = [13, 2];
/** What `RespReader` returns while the rest of a reply has not come. */
const incomplete = Symbol("incomplete");

/** Cuts what comes into replies. */
export class RespReader {
  #bytes: Buffer = Buffer.alloc(0);
  #at = 0;

  /** The replies that are whole now. Bulk strings are views of what was read. */
  push(chunk: Buffer): RespReply[] {
    this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk]);
    const replies: RespReply[] = [];
    let done = 0;
    for (this.#at = 0; this.#at < this.#bytes.length; done = this.#at) {
      const reply = this.#reply();
      if (reply === incomplete) break;
      replies.push(reply);
    }
    this.#bytes = this.#bytes.subarray(done);
    return replies;
  }

  #reply(): RespReply | typeof incomplete {
    const line = this.#line();
    if (line === undefined) return incomplete;
    const [kind, text] = [line[0], line.slice(1)];
    switch (kind) {
      case "+":
        return text;
      case "-":
        return new RespError(text);
      case ":":
        return Number(text);
      case "$":
        return this.#bulk(Number(text));
      case "*":
        return this.#array(Number(text));
      default:
        return new RespError(`there came a line that is no reply: ${line}`);
    }
  }

  #line(): string | undefined {
    const end = this.#bytes.indexOf(carriageReturn, this.#at);
    if (end === -1 || end + lineEndBytes > this.#bytes.length) return undefined;
    const line = this.#bytes.toString("latin1", this.#at, end);
    this.#at = end + lineEndBytes;
    return line;
  }

  #bulk(byteCount: number): Uint8Array | null | typeof incomplete {
    if (byteCount < 0) return null;
    const end = this.#at + byteCount;
    if (end + lineEndBytes > this.#bytes.length) return incomplete;
    const bytes = this.#bytes.subarray(this.#at, end);
    this.#at = end + lineEndBytes;
    return bytes;
  }

  #array(count: number): readonly RespReply[] | null | typeof incomplete {
    if (count < 0) return null;
    const replies: RespReply[] = [];
    while (replies.length < count) {
      const reply = this.#reply();
      if (reply === incomplete) return incomplete;
      replies.push(reply);
    }
    return replies;
  }
}
