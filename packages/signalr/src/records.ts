/**
 * Framing of the JSON hub protocol: records end with the byte 0x1E, whatever the transport's messages are
 * (HubProtocol.md, "JSON encoding"). 0x1E never occurs inside a UTF-8 sequence, so that bytes can be split before they are text.
 */

export const recordSeparator = 0x1e;

export type Split =
  | { readonly ok: true; readonly records: readonly string[] }
  | { readonly ok: false; readonly refusal: "record-too-large" | "not-utf8" };

const encoder = new TextEncoder();

/** A record as it goes over the wire: the JSON text of `message`, then the separator. */
export function encodeRecord(message: object): Uint8Array {
  return encoder.encode(`${JSON.stringify(message)}\x1e`);
}

/** Cuts a stream of bytes into records. Holds at most one unfinished record. */
export class RecordSplitter {
  readonly #recordBytesMax: number;
  readonly #decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  #unfinished: Uint8Array[] = [];
  #unfinishedBytes = 0;

  constructor(recordBytesMax: number) {
    this.#recordBytesMax = recordBytesMax;
  }

  /**
   * The records that `chunk` ends, without their separators; the rest waits for the next chunk. After a refusal the stream has no
   * meaning any more. The bytes of `chunk` must not change afterwards.
   */
  push(chunk: Uint8Array): Split {
    const records: string[] = [];
    let start = 0;
    for (let end = chunk.indexOf(recordSeparator); end !== -1; end = chunk.indexOf(recordSeparator, start)) {
      if (!this.#keep(chunk.subarray(start, end))) return { ok: false, refusal: "record-too-large" };
      const record = this.#take();
      if (record === undefined) return { ok: false, refusal: "not-utf8" };
      records.push(record);
      start = end + 1;
    }
    if (!this.#keep(chunk.subarray(start))) return { ok: false, refusal: "record-too-large" };
    return { ok: true, records };
  }

  #keep(bytes: Uint8Array): boolean {
    this.#unfinishedBytes += bytes.byteLength;
    if (this.#unfinishedBytes > this.#recordBytesMax) return false;
    if (bytes.byteLength > 0) this.#unfinished.push(bytes);
    return true;
  }

  #take(): string | undefined {
    const parts = this.#unfinished;
    this.#unfinished = [];
    this.#unfinishedBytes = 0;
    const [first] = parts;
    const bytes = parts.length === 1 && first !== undefined ? first : Buffer.concat(parts);
    try {
      return this.#decoder.decode(bytes);
    } catch {
      return undefined;
    }
  }
}
