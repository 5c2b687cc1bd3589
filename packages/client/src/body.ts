/** What programs send, in the form that the wire takes. */
import {
  noWireAttributes,
  type WireAttribute,
  type WireAttributes,
  type WireMessage,
  type WireOutgoingRecord,
} from "@sluice/protocol/full";
import { ClientFault } from "./errors.ts";

/** Text is sent as UTF-8. Bytes must not change until the call has its answer. */
export type Body = string | Uint8Array;

/** Named values beside a body: text, or a value with a type (`string`, `number`, `binary`, each with a label after a dot if you like). */
export type Attributes = Readonly<Record<string, string | WireAttribute>> | WireAttributes;

export interface Message {
  readonly body: Body;
  readonly attributes?: Attributes;
}

export interface OutgoingRecord extends Message {
  /** Decides the partition, and with it the order. Without a key the partitions take turns. */
  readonly key?: Body;
}

const utf8 = new TextEncoder();

function bytesOf(body: Body): Uint8Array {
  if (typeof body === "string") return utf8.encode(body);
  if (isBytes(body)) return body;
  throw new ClientFault("invalid-request", `A body or key is a text or a Uint8Array, not ${kindOf(body)}.`);
}

/** By its tag, not by its class: bytes may come from another realm, as in some test runners. */
const isBytes = (value: unknown): value is Uint8Array =>
  ArrayBuffer.isView(value) && Object.prototype.toString.call(value) === "[object Uint8Array]";

/** For programs without types, of whose mistakes the server must not hear as a broken frame. */
function kindOf(value: unknown): string {
  if (value === null || typeof value !== "object") return String(value === null ? null : typeof value);
  return Object.prototype.toString.call(value).slice(8, -1);
}

function attributesOf(attributes: Attributes | undefined): WireAttributes {
  if (attributes === undefined) return noWireAttributes;
  const entries: Iterable<readonly [string, string | WireAttribute]> =
    attributes instanceof Map ? attributes : Object.entries(attributes);
  return new Map(Array.from(entries, ([name, value]) => [name, attributeOf(name, value)]));
}

function attributeOf(name: string, given: string | WireAttribute): WireAttribute {
  if (typeof given === "string") return { type: "string", value: given };
  if (typeof given === "object" && given !== null && typeof given.type === "string") {
    if (typeof given.value === "string" || isBytes(given.value)) return given;
  }
  throw new ClientFault(
    "invalid-request",
    `The attribute '${name}' is a text, or has a type and a value that is a text or a Uint8Array.`,
  );
}

export const wireMessage = ({ body, attributes }: Message): WireMessage => ({
  body: bytesOf(body),
  attributes: attributesOf(attributes),
});

export const wireRecord = ({ key, body, attributes }: OutgoingRecord): WireOutgoingRecord => ({
  key: key === undefined ? undefined : bytesOf(key),
  body: bytesOf(body),
  attributes: attributesOf(attributes),
});

/** Bytes of an entry on the wire beside its key and body, without attributes; generous. */
const entryBytes = 32;

/** About what an entry takes in a frame. */
export function wireBytes(entry: WireMessage & { readonly key?: Uint8Array | undefined }): number {
  let bytes = entryBytes + entry.body.byteLength + (entry.key?.byteLength ?? 0);
  for (const [name, { type, value }] of entry.attributes)
    bytes += 8 + (name.length + type.length + value.length) * 3;
  return bytes;
}

/** Cuts entries into runs that each fit one request, keeping their order. */
export function split<Entry extends WireMessage & { readonly key?: Uint8Array | undefined }>(
  entries: readonly Entry[],
  bytesMax: number,
  countMax: number,
): { readonly entries: readonly Entry[]; readonly bytes: number }[] {
  const runs: { entries: Entry[]; bytes: number }[] = [];
  let run: { entries: Entry[]; bytes: number } | undefined;
  for (const entry of entries) {
    const bytes = wireBytes(entry);
    if (run === undefined || run.bytes + bytes > bytesMax || run.entries.length === countMax) {
      run = { entries: [], bytes: 0 };
      runs.push(run);
    }
    run.entries.push(entry);
    run.bytes += bytes;
  }
  return runs;
}
