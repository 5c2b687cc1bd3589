/** The envelope: CloudEvents 1.0 in binary mode, as its Kafka protocol binding has it: attributes in headers, data as the plain body. */
import { type Clock, type Random, uuidv7 } from "@sluice/runtime";
import type { EngineOutgoing, EngineRecord, Headers } from "./engine.ts";
import type { EventType } from "./event.ts";
import { InvalidEvent } from "./faults.ts";

/** An event as a handler sees it. */
export interface BusEvent<Data> {
  /** Unique for its source. An event that is delivered again has the same one. */
  readonly id: string;
  readonly type: string;
  readonly source: string;
  /** When it happened: `ce_time`, else when the engine stored it. Milliseconds since the epoch. */
  readonly timeMs: number;
  readonly data: Data;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly key: string;
  /** W3C Trace Context, as the publisher handed it over. */
  readonly traceparent: string | undefined;
  /** 1 for the first delivery since this consumer has had the partition. */
  readonly attempt: number;
}

/** The largest body of one event, as JSON in UTF-8. */
export const eventBytesMax = 1024 * 1024;

/** An event ready to be sent, and the id that it was given. */
export interface Sealed {
  readonly id: string;
  readonly outgoing: EngineOutgoing;
}

/** What is needed to make envelopes. */
export interface Sender {
  /** `ce_source`, a URI reference, e.g. `/sluice/waitroom`. */
  readonly source: string;
  readonly clock: Clock;
  readonly random: Random;
}

/** W3C Trace Context §3.2; anything else is ignored, as §4.3 asks for. */
const traceparentForm = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

/** Checks the data against the schema and puts it into an envelope. Throws {@link InvalidEvent}. */
export function seal<Data>(
  sender: Sender,
  type: EventType<Data>,
  data: Data,
  traceparent: string | undefined,
): Sealed {
  const value = encoder.encode(JSON.stringify(type.parse(data)));
  if (value.length > eventBytesMax) {
    throw new InvalidEvent(`${type.type}: ${value.length} bytes of data, at most ${eventBytesMax} fit`, "");
  }
  const { wallMs } = sender.clock.now();
  const id = uuidv7(sender.random, wallMs);
  const headers = new Map([
    ["ce_specversion", "1.0"],
    ["ce_id", id],
    ["ce_type", type.type],
    ["ce_source", sender.source],
    ["ce_time", new Date(wallMs).toISOString()],
    ["ce_dataschema", type.dataSchema],
    ["content-type", "application/json"],
  ]);
  if (traceparent !== undefined && traceparentForm.test(traceparent)) headers.set("traceparent", traceparent);
  return { id, outgoing: { topic: type.topic, key: type.key(data), value, headers } };
}

/** The type that the envelope names. A record without an envelope is the event that is declared for its topic: undefined. */
export function typeOf(record: EngineRecord): string | undefined {
  return record.headers.get("ce_type");
}

/** Takes a record out of its envelope. Whatever the envelope lacks has a stand-in. Throws {@link InvalidEvent}. */
export function unseal<Data>(type: EventType<Data>, record: EngineRecord, attempt: number): BusEvent<Data> {
  const { topic, partition, offset, headers } = record;
  return {
    id: headers.get("ce_id") ?? `${topic}-${partition}-${offset}`,
    type: type.type,
    source: headers.get("ce_source") ?? `/topics/${topic}`,
    timeMs: timeOf(headers) ?? record.timestampMs,
    data: type.parse(readJson(type, record.value)),
    topic,
    partition,
    offset,
    key: record.key ?? "",
    traceparent: headers.get("traceparent"),
    attempt,
  };
}

function timeOf(headers: Headers): number | undefined {
  const time = Date.parse(headers.get("ce_time") ?? "");
  return Number.isNaN(time) ? undefined : time;
}

function readJson(type: EventType<unknown>, value: Uint8Array): unknown {
  try {
    return JSON.parse(decoder.decode(value));
  } catch (cause) {
    throw new InvalidEvent(`${type.type}: the body is not JSON in UTF-8`, "", { cause });
  }
}

/** How much of a transaction's 4 MiB a record takes: body, key and headers. */
export function sizeOf(outgoing: EngineOutgoing): number {
  let bytes = outgoing.value.length + Buffer.byteLength(outgoing.key ?? "");
  for (const [name, value] of outgoing.headers) bytes += name.length + Buffer.byteLength(value);
  return bytes;
}
