/** Bodies beside the heads of records: the journal keeps them apart, so that they can stay on disk and be moved without being written again. */
import { type Body, type BodyPosition, isPresent } from "./message.ts";
import type { RecordReader } from "./record-reader.ts";

/** A body as the journal takes it: bytes to be written, or the place where they lie already. */
export type EncodedBody = Uint8Array | { readonly position: BodyPosition };

/** A body as the journal gives it back. A record refers to the bytes, and applying it copies them: they need not last longer. */
export interface ReplayedBody {
  readonly position: BodyPosition;
  readonly bytes?: Uint8Array;
}

/** A body goes by its place when the journal has it. One that is nowhere could not be written and cannot occur. */
export function encodedBody(body: Body, position: BodyPosition): EncodedBody {
  return position === 0 && isPresent(body) ? body : { position };
}

/** Reads a count and as many things, each with its body. */
export function eachBody<Thing>(
  from: RecordReader,
  bodies: readonly ReplayedBody[],
  read: (body: ReplayedBody) => Thing,
): readonly Thing[] {
  if (from.varint() === bodies.length) return bodies.map(read);
  from.reject();
  return [];
}

/** The length of a body, and its bytes if they were handed over. */
export function readBody(from: RecordReader, { bytes }: ReplayedBody): Body {
  const byteLength = from.varint();
  if (bytes === undefined) return { byteLength };
  if (bytes.byteLength !== byteLength) from.reject();
  return bytes;
}
