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

/** An absent option is the queue's own, or none. */
export interface MessageOptions {
  readonly attributes?: Attributes;
  /** Until the message can be received first: milliseconds, up to 10 years. */
  readonly delayMs?: number;
  /** How long it may wait from then on, in milliseconds; Infinity: for ever. */
  readonly timeToLiveMs?: number;
  /** 0 to 9; what is more urgent has the larger number. */
  readonly priority?: number;
  /** Messages of one group are received one after the other, in the order in which they were sent. */
  readonly groupId?: string;
  /** A second message with the same one is answered with the id of the first, and not taken, for as long as the queue remembers it. */
  readonly deduplicationId?: string;
}

export interface Message extends MessageOptions {
  readonly body: Body;
}

export interface OutgoingRecord {
  readonly body: Body;
  readonly attributes?: Attributes;
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

export function wireMessage(message: Message): WireMessage {
  const body = bytesOf(message.body);
  const attributes = attributesOf(message.attributes);
  const { delayMs, timeToLiveMs, priority, groupId, deduplicationId } = message;
  const isPlain =
    delayMs === undefined &&
    timeToLiveMs === undefined &&
    priority === undefined &&
    groupId === undefined &&
    deduplicationId === undefined;
  if (isPlain) return { body, attributes };
  return { body, attributes, delayMs, timeToLiveMs, priority, groupId, deduplicationId };
}

export const wireRecord = ({ key, body, attributes }: OutgoingRecord): WireOutgoingRecord => ({
  key: key === undefined ? undefined : bytesOf(key),
  body: bytesOf(body),
  attributes: attributesOf(attributes),
});

/** What goes to a queue or a topic. */
type Entry = WireMessage | WireOutgoingRecord;

/** Bytes of an entry on the wire beside its key, body and ids, without attributes; generous. */
const entryBytes = 48;

/** About what an entry takes in a frame. */
export function wireBytes(entry: Entry): number {
  let bytes = entryBytes + entry.body.byteLength;
  if ("key" in entry) bytes += entry.key?.byteLength ?? 0;
  else bytes += ((entry.groupId?.length ?? 0) + (entry.deduplicationId?.length ?? 0)) * 3;
  for (const [name, { type, value }] of entry.attributes)
    bytes += 8 + (name.length + type.length + value.length) * 3;
  return bytes;
}

/** Cuts entries into runs that each fit one request, keeping their order. */
export function split<Some extends Entry>(
  entries: readonly Some[],
  bytesMax: number,
  countMax: number,
): { readonly entries: readonly Some[]; readonly bytes: number }[] {
  const runs: { entries: Some[]; bytes: number }[] = [];
  let run: { entries: Some[]; bytes: number } | undefined;
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
