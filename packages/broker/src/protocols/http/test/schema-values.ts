/** Values made from the schemas of the routes: ones that fit, and ones that nearly do. */
import type { Random } from "@sluice/runtime";
import type { TSchema } from "typebox";

/** As much of JSON Schema as the routes use. */
export interface Schema {
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly patternProperties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly format?: string;
}

export const asSchema = (schema: TSchema): Schema => schema as unknown as Schema;

export const typesOf = ({ type, enum: values }: Schema): readonly string[] =>
  typeof type === "string" ? [type] : (type ?? (values === undefined ? [] : ["string"]));

export const pick = <Item>(random: Random, items: readonly Item[]): Item =>
  items[Math.floor(random.unit() * items.length)] as Item;

const chance = (random: Random, share: number): boolean => random.unit() < share;

/** Words that a text may be; those of the caller come up as often as these. */
const texts: readonly string[] = [
  "",
  "a",
  "jobs",
  "dead",
  "news",
  "no name",
  "..",
  "__proto__",
  "constructor",
  "toString",
  "0",
  "-1",
  "null",
  "a/1",
  "\ud800",
  "\u0000",
  "\u2603",
  "eA==",
  "{}",
  "2026-01-01T00:00:00Z",
  "9999-12-31T23:59:60Z",
  "x".repeat(300),
  "00000000-0001-8000-8000-000000000001",
];

const oddNumbers: readonly number[] = [
  -1,
  -0,
  0,
  0.5,
  1,
  2,
  1e-9,
  0.0015,
  100,
  1000,
  1001,
  43_200,
  43_200.1,
  315_360_000,
  2 ** 31,
  2 ** 53,
  1e21,
  1e308,
  -1e308,
  Number.MIN_VALUE,
];

/** Texts that mean something, by the field that they mean something in. */
export type Words = Readonly<Record<string, readonly string[] | undefined>>;

/** A value of a schema. With `oddity` 0 it fits; the larger it is, the more of it does not. `field` is the name of the field that it is for. */
export function valueFor(schema: Schema, random: Random, words: Words, oddity: number, field = ""): unknown {
  if (oddity > 0 && chance(random, oddity)) return oddValue(random, 2);
  const { anyOf } = schema;
  if (anyOf !== undefined) return valueFor(pick(random, anyOf), random, words, oddity, field);
  if (schema.enum !== undefined) return pick(random, schema.enum);
  switch (pick(random, typesOf(schema))) {
    case "null":
      return null;
    case "boolean":
      return chance(random, 0.5);
    case "integer":
      return Math.floor(numberOf(schema, random));
    case "number":
      return numberOf(schema, random);
    case "array": {
      const { items = {}, minItems = 0, maxItems = 3 } = schema;
      const count = minItems + Math.floor(random.unit() * Math.min(3, maxItems - minItems + 1));
      return Array.from({ length: count }, () => valueFor(items, random, words, oddity, field));
    }
    case "object":
      return objectOf(schema, random, words, oddity);
    default:
      return textFor(words[field], random);
  }
}

const textFor = (words: readonly string[] = [], random: Random): string =>
  pick(random, words.length > 0 && chance(random, 0.9) ? words : texts);

function objectOf(schema: Schema, random: Random, words: Words, oddity: number): object {
  const { properties = {}, patternProperties, required = [] } = schema;
  const entries: [string, unknown][] = [];
  for (const [name, inner] of Object.entries(properties)) {
    const isNeeded = required.includes(name) && !chance(random, oddity);
    if (isNeeded || chance(random, 0.3)) entries.push([name, valueFor(inner, random, words, oddity, name)]);
  }
  for (const inner of Object.values(patternProperties ?? {})) {
    while (chance(random, 0.4)) {
      entries.push([pick(random, ["a", "b.c", "__proto__"]), valueFor(inner, random, words, oddity)]);
    }
  }
  if (chance(random, oddity)) entries.push([pick(random, texts), oddValue(random, 1)]);
  // Defines properties, where an assignment would set the prototype.
  return Object.fromEntries(entries);
}

function numberOf({ minimum, exclusiveMinimum, maximum }: Schema, random: Random): number {
  const from = minimum ?? exclusiveMinimum ?? 0;
  const to = maximum ?? from + 1000;
  if (chance(random, 0.3)) return pick(random, [from, to, Math.min(to, from + 1)]);
  return Math.min(to, from + random.unit() * Math.min(to - from, 10 ** Math.floor(random.unit() * 6)));
}

/** Anything that JSON can say. */
export function oddValue(random: Random, depth: number): unknown {
  const few = (): undefined[] => Array(Math.floor(random.unit() * 3)).fill(undefined);
  switch (Math.floor(random.unit() * (depth > 0 ? 6 : 4))) {
    case 0:
      return pick(random, oddNumbers);
    case 1:
      return pick(random, texts);
    case 2:
      return null;
    case 3:
      return chance(random, 0.5);
    case 4:
      return few().map(() => oddValue(random, depth - 1));
    default:
      return Object.fromEntries(few().map(() => [pick(random, texts), oddValue(random, depth - 1)]));
  }
}
