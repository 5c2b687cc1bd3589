/** Records as the bus has them and as a broker's topics have them: headers are attributes of type `string`, keys are UTF-8. */
import { type Attributes, noAttributes, type OutgoingRecord, type TopicRecord } from "@sluice/broker";
import type { EngineOutgoing, EngineRecord, Headers } from "../engine.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export function toBroker({ key, value, headers }: EngineOutgoing): OutgoingRecord {
  return {
    key: key === undefined ? undefined : encoder.encode(key),
    body: value,
    attributes: toAttributes(headers),
  };
}

export function fromBroker(topic: string, record: TopicRecord): EngineRecord {
  return {
    topic,
    partition: record.partition,
    offset: record.offset,
    timestampMs: record.publishedAtMs,
    key: record.key === undefined ? undefined : decoder.decode(record.key),
    value: record.body,
    headers: toHeaders(record.attributes),
  };
}

function toAttributes(headers: Headers): Attributes {
  if (headers.size === 0) return noAttributes;
  return new Map(Array.from(headers, ([name, value]) => [name, { type: "string", value }]));
}

/** Whoever published may have used other types of attributes and other cases of names. */
function toHeaders(attributes: Attributes): Headers {
  return new Map(
    Array.from(attributes, ([name, { value }]) => [
      name.toLowerCase(),
      typeof value === "string" ? value : decoder.decode(value),
    ]),
  );
}
