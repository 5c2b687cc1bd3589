/** The content of a message in JSON: body and attributes, in both directions, without losing a bit. */

import { isUtf8 } from "node:buffer";
import { type Problem, problem } from "@sluice/http-edge";
import Type, { type Static } from "typebox";
import type { Attribute, Attributes, OutgoingMessage } from "../../broker/api.ts";
import { attributeCountMax, attributesBytesMax, messageBytesMax } from "./limits.ts";

const attributeName = "^[A-Za-z0-9_.-]{1,256}$";
const attributeType = "^(string|number|binary)(\\.[A-Za-z0-9_.-]{1,64})?$";

export const bodyEncodingSchema = Type.Enum(["utf8", "base64"], {
  description: "How `body` is to be read. Default utf8.",
});

export const attributesSchema = Type.Record(
  Type.String({ pattern: attributeName }),
  Type.Union([
    Type.String(),
    Type.Object(
      { type: Type.String({ pattern: attributeType }), value: Type.String() },
      { additionalProperties: false },
    ),
  ]),
  {
    additionalProperties: false,
    maxProperties: attributeCountMax,
    description: "Named values beside the body: text, or type (string, number, binary in base64) and value.",
  },
);

export const contentFields = {
  body: Type.String({ description: "At most 1 MiB after decoding." }),
  bodyEncoding: Type.Optional(bodyEncodingSchema),
  attributes: Type.Optional(attributesSchema),
};

const contentSchema = Type.Object(contentFields);
export type Content = Static<typeof contentSchema>;

export type Decoded =
  | { readonly ok: true; readonly message: OutgoingMessage }
  | { readonly ok: false; readonly problem: Problem };

/** `at` is where in the request the content stands: `""` or `messages[2].`. */
export function decodeContent(content: Content, at: string): Decoded {
  const body = decodeText(content.body, content.bodyEncoding ?? "utf8");
  if (typeof body === "string") return invalid(`${at}body`, body);
  if (body.length > messageBytesMax) {
    const detail = `The body has ${body.length} bytes after decoding; at most ${messageBytesMax} are taken.`;
    return { ok: false, problem: problem(413, "body-too-large", detail, `${at}body`) };
  }
  const attributes = new Map<string, Attribute>();
  let attributesBytes = 0;
  for (const [name, given] of Object.entries(content.attributes ?? {})) {
    const { type, value } = typeof given === "string" ? { type: "string", value: given } : given;
    const decoded = decodeAttribute(type, value);
    if ("wrong" in decoded) return invalid(`${at}attributes.${name}`, decoded.wrong);
    attributes.set(name, decoded);
    attributesBytes += name.length + type.length + Buffer.byteLength(decoded.value);
  }
  if (attributesBytes > attributesBytesMax) {
    return invalid(
      `${at}attributes`,
      `have ${attributesBytes} bytes together; at most ${attributesBytesMax} are taken`,
    );
  }
  return { ok: true, message: { body, attributes } };
}

/** The bytes, or what is wrong with the text. */
function decodeText(text: string, encoding: "utf8" | "base64"): Buffer | string {
  if (encoding === "utf8") {
    return text.isWellFormed()
      ? Buffer.from(text, "utf8")
      : "holds half a surrogate pair, which UTF-8 cannot carry";
  }
  const bytes = Buffer.from(text, "base64");
  // Node reads almost anything as base64. What it would not write itself was something else.
  return bytes.toString("base64") === text ? bytes : "is not base64 with padding (RFC 4648 section 4)";
}

const numberText = /^-?\d{1,40}(\.\d{1,40})?([eE][+-]?\d{1,3})?$/;

function decodeAttribute(type: string, value: string): Attribute | { readonly wrong: string } {
  if (type.startsWith("binary")) {
    const bytes = decodeText(value, "base64");
    return typeof bytes === "string" ? { wrong: bytes } : { type, value: bytes };
  }
  if (type.startsWith("number") && !numberText.test(value)) return { wrong: "is not a number" };
  return value.isWellFormed()
    ? { type, value }
    : { wrong: "holds half a surrogate pair, which UTF-8 cannot carry" };
}

const invalid = (field: string, wrong: string): Decoded => ({
  ok: false,
  problem: problem(400, "invalid-field", `The field ${field} ${wrong}.`, field),
});

export const encodedContentFields = {
  body: Type.String(),
  bodyEncoding: Type.Enum(["utf8", "base64"], { description: "base64 when the bytes are not UTF-8." }),
  attributes: Type.Record(
    Type.String(),
    Type.Union([Type.String(), Type.Object({ type: Type.String(), value: Type.String() })]),
  ),
};

const encodedContentSchema = Type.Object(encodedContentFields);

/** What `decodeContent` reads back to the same content. */
export function encodeContent(body: Uint8Array, attributes: Attributes): Static<typeof encodedContentSchema> {
  return { ...encodeBody(body), attributes: encodeAttributes(attributes) };
}

/** Text when the bytes are UTF-8, base64 otherwise. */
export function encodeBody(bytes: Uint8Array): { body: string; bodyEncoding: "utf8" | "base64" } {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return isUtf8(buffer)
    ? { body: buffer.toString("utf8"), bodyEncoding: "utf8" }
    : { body: buffer.toString("base64"), bodyEncoding: "base64" };
}

function encodeAttributes(attributes: Attributes): Record<string, string | { type: string; value: string }> {
  // `fromEntries` defines properties; an assignment would lose one that is called `__proto__`.
  return Object.fromEntries(
    [...attributes].map(([name, { type, value }]) => {
      const text = typeof value === "string" ? value : Buffer.from(value).toString("base64");
      return [name, type === "string" ? text : { type, value: text }];
    }),
  );
}
