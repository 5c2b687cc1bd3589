/** Text out of bytes: checked, and for the names that come again and again without making a new string each time. */

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

interface Known {
  readonly bytes: Uint8Array;
  readonly text: string;
}

/** Names longer than this are decoded anew: comparing them would cost as much. */
const knownBytesMax = 64;
const knownCount = 64;

/**
 * Decodes the texts of one connection. It names the same few queues and topics in every request, and comparing bytes costs a
 * tenth of decoding them, so the last name in each of 64 places is remembered.
 */
export class TextReader {
  readonly #known: (Known | undefined)[] = new Array<Known | undefined>(knownCount).fill(undefined);

  /** The text in `bytes` from `start` to `end`; undefined when it is not valid UTF-8. */
  read(bytes: Uint8Array, start: number, end: number): string | undefined {
    const length = end - start;
    if (length === 0) return "";
    if (length > knownBytesMax) return decode(bytes.subarray(start, end));
    const first = bytes[start] as number;
    const last = bytes[end - 1] as number;
    const place = (length * 31 + first * 7 + last) % knownCount;
    const known = this.#known[place];
    if (known !== undefined && isSame(known.bytes, bytes, start, length)) return known.text;
    const text = decode(bytes.subarray(start, end));
    if (text !== undefined) this.#known[place] = { bytes: bytes.slice(start, end), text };
    return text;
  }
}

function isSame(known: Uint8Array, bytes: Uint8Array, start: number, length: number): boolean {
  if (known.length !== length) return false;
  for (let i = 0; i < length; i++) if (known[i] !== bytes[start + i]) return false;
  return true;
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}
