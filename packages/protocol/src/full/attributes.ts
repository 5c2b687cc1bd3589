/** Named values beside a body. */
/*  attributes => count:u8 { name:text type:text value:sized }
    `type` is string, number or binary, or one of those with a label behind a dot; the value of string and number is UTF-8. */
import { attributeCountMax, attributesBytesMax } from "./limits.ts";
import type { PayloadReader } from "./reader.ts";
import type { FrameWriter } from "./writer.ts";

export interface WireAttribute {
  readonly type: string;
  /** Text for string and number, bytes for binary. */
  readonly value: string | Uint8Array;
}

/** A map, so that a name like `__proto__` is a name like any other. */
export type WireAttributes = ReadonlyMap<string, WireAttribute>;

export const noWireAttributes: WireAttributes = new Map();

const utf8 = new TextEncoder();
const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
/** As SQS and HTTP take them. */
const namePattern = /^[A-Za-z0-9_.-]{1,256}$/;
const typePattern = /^(string|number|binary)(\.[A-Za-z0-9_.-]{1,64})?$/;

/** @throws RangeError when there are more than 64. */
export function writeAttributes(to: FrameWriter, attributes: WireAttributes): void {
  if (attributes.size > attributeCountMax) {
    to.abandon();
    throw new RangeError(`${attributes.size} attributes; ${attributeCountMax} are the most.`);
  }
  to.u8(attributes.size);
  for (const [name, { type, value }] of attributes) {
    to.text(name).text(type);
    to.sized(typeof value === "string" ? utf8.encode(value) : value);
  }
}

/** Bytes that attributes take in a frame, at most: three bytes of UTF-8 are the most for a unit of a string. */
export function attributesBytes(attributes: WireAttributes): number {
  if (attributes.size === 0) return 0;
  let bytes = 1;
  for (const [name, { type, value }] of attributes) {
    bytes += 8 + (name.length + type.length) * 3;
    bytes += typeof value === "string" ? value.length * 3 : value.byteLength;
  }
  return bytes;
}

export function readAttributes(from: PayloadReader): WireAttributes {
  const start = from.at;
  const count = from.count("attributes", from.u8(), attributeCountMax, 8);
  if (count === 0) return noWireAttributes;
  const attributes = new Map<string, WireAttribute>();
  for (let i = 0; i < count && !from.failed; i++) {
    const name = from.text("the name of an attribute", attributesBytesMax);
    if (!namePattern.test(name))
      from.invalid("the name of an attribute is not 1 to 256 of A-Z a-z 0-9 _ - .");
    const type = from.text("the type of an attribute", attributesBytesMax);
    const [, kind] = typePattern.exec(type) ?? [];
    if (kind === undefined) from.invalid("the type of an attribute is none of string, number, binary");
    if (attributes.has(name)) from.invalid("an attribute is given twice");
    const bytes = from.sized();
    attributes.set(name, { type, value: kind === "binary" ? bytes : textValue(from, bytes) });
  }
  const bytes = from.at - start;
  if (bytes > attributesBytesMax) from.exceeded("bytes of attributes", bytes, attributesBytesMax);
  return attributes;
}

function textValue(from: PayloadReader, bytes: Uint8Array): string {
  try {
    return strictUtf8.decode(bytes);
  } catch {
    from.malformed("the value of an attribute is not valid UTF-8");
    return "";
  }
}
