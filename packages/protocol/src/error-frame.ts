/** The one frame that the server sends in its own name on a classic connection: `ERROR <code> <sentence>`; then it closes. */
import { encodeFrame } from "./frame-writer.ts";
import type { RefusalCode } from "./refusal-codes.ts";

/** Longest sentence, in characters: an error fits into one packet. */
const sentenceLengthMax = 400;

const utf8Encoder = new TextEncoder();
const utf8Decoder = new TextDecoder("utf-8");
const pattern = /^ERROR ([a-z][a-z-]*) (.*)$/s;

/** The frame, ready to be written. The sentence is cut to 400 characters, and what would break its line is replaced. */
export function encodeErrorFrame(code: RefusalCode, sentence: string): Uint8Array {
  return encodeFrame(
    utf8Encoder.encode(`ERROR ${code} ${sentence.slice(0, sentenceLengthMax).replace(/\p{Cc}/gu, "?")}`),
  );
}

/**
 * Reads the payload of an error frame; undefined when it is none. A message whose body has this form cannot be told from an
 * error by its bytes: what follows it can, because an error is the last frame of its connection.
 * `code` is text, because a newer server may know codes that this client does not.
 */
export function parseErrorFrame(
  payload: Uint8Array,
): { readonly code: string; readonly sentence: string } | undefined {
  const [, code, sentence] = pattern.exec(utf8Decoder.decode(payload)) ?? [];
  return code === undefined || sentence === undefined ? undefined : { code, sentence };
}
