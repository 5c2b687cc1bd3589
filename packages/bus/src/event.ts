/** Events as a program declares them: a name, a topic, a JSON schema, and which field keeps them in order. */
import { Ajv, type ErrorObject } from "ajv";
import addFormats from "ajv-formats";
import type { Static, TSchema } from "typebox";
import { InvalidEvent } from "./faults.ts";

export interface EventDeclaration<S extends TSchema> {
  /** What CloudEvents calls the type, e.g. `QUEUE_JOINED`. */
  readonly type: string;
  /** Where it is published; often the same word as the type. */
  readonly topic: string;
  /** JSON Schema of the data, made with typebox. Formats (`date-time`, `uuid`, ...) are checked. Unknown fields are let through. */
  readonly schema: S;
  /** The partition key: events with the same key keep their order. */
  readonly key: (data: Static<S>) => string;
  /** A URI for the schema, sent as `ce_dataschema`. Default: the schema's `$id`, else `urn:sluice:event:<type>`. */
  readonly dataSchema?: string;
}

/** A declared event. Made by {@link event}. */
export interface EventType<Data> {
  readonly type: string;
  readonly topic: string;
  readonly schema: TSchema;
  readonly dataSchema: string;
  key(data: Data): string;
  /** The value, when it fits the schema. Throws {@link InvalidEvent} (`invalid-event`), which names the field, when not. */
  parse(value: unknown): Data;
}

/** The data of a declared event: `EventData<typeof orderPlaced>`. */
export type EventData<Type> = Type extends EventType<infer Data> ? Data : never;

const schemas = addFormats.default(new Ajv({ addUsedSchema: false, validateSchema: true }));

/** Declares an event. Throws at once when the schema itself is wrong. */
export function event<const S extends TSchema>(declaration: EventDeclaration<S>): EventType<Static<S>> {
  const { type, topic, schema, key } = declaration;
  const fits = schemas.compile<Static<S>>(schema);
  const declaredId: unknown = Reflect.get(schema, "$id");
  return {
    type,
    topic,
    schema,
    dataSchema:
      declaration.dataSchema ?? (typeof declaredId === "string" ? declaredId : `urn:sluice:event:${type}`),
    key,
    parse(value) {
      if (fits(value)) return value;
      // Of a union's errors the last one speaks for the union; otherwise there is only one.
      const error = fits.errors?.at(-1);
      const field = error === undefined ? "" : fieldOf(error);
      throw new InvalidEvent(`${type}: ${field || "the data"} ${sentenceOf(error)}`, field);
    },
  };
}

/** The path of the field that an error is about, e.g. `tickets/0/price`. */
function fieldOf(error: ErrorObject): string {
  const path = error.instancePath.slice(1);
  const inner: unknown = error.params.missingProperty ?? error.params.additionalProperty;
  if (typeof inner !== "string") return path;
  return path === "" ? inner : `${path}/${inner}`;
}

function sentenceOf(error: ErrorObject | undefined): string {
  if (error?.keyword === "required") return "is missing";
  if (error?.keyword === "additionalProperties") return "is not a field of this event";
  return error?.message ?? "does not fit the schema";
}
