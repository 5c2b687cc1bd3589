/**
 * Reads payloads by the grammar that docs/protocol.md writes down and by nothing else, as somebody does who writes a client from the page:
 * what it cannot read, they could not.
 */
import { deepEqual, ok } from "node:assert/strict";

type Item =
  | { readonly kind: "field"; readonly name: string; readonly type: string }
  | { readonly kind: "rule"; readonly name: string }
  | { readonly kind: "repeat" | "optional"; readonly items: readonly Item[] };

interface Rule {
  readonly items: readonly Item[];
  /** What the bits of `flags` say, as the page has it behind the rule: `2 a key follows`. */
  readonly flags: ReadonlyMap<string, number>;
}

export type Grammar = ReadonlyMap<string, Rule>;

/** The rules in the fenced blocks of `page`. */
export function grammarOf(page: string): Grammar {
  const grammar = new Map<string, Rule>();
  for (const text of rulesOf(page)) {
    const [left = "", right = ""] = text.split("=>");
    // What stands behind three spaces or more is for people, but for the meaning of the flags.
    const [, body = "", comment = ""] = /^\s*(.*?)(?: {3,}(.*))?$/.exec(right) ?? [];
    const tokens = body === "(nothing)" ? [] : (body.match(/[[\]{}]|[^\s[\]{}]+/g) ?? []);
    const said = comment.startsWith("flags:") ? comment.matchAll(/(\d+) (?:an? )?([a-z-]+)/g) : [];
    const rule = {
      items: itemsOf(tokens.values()),
      flags: new Map(Array.from(said, ([, bit, name = ""]) => [name, Number(bit)])),
    };
    for (const name of left.split(",")) grammar.set(name.trim(), rule);
  }
  return grammar;
}

/** Each rule as one line; a line that begins none goes on with the one before. */
function rulesOf(page: string): readonly string[] {
  const rules: string[] = [];
  let inBlock = false;
  for (const line of page.split("\n")) {
    if (line.startsWith("```")) inBlock = !inBlock;
    else if (!inBlock) continue;
    else if (line.includes("=>")) rules.push(line);
    else if (rules.length > 0 && /^ {8,}\S/.test(line)) {
      const before = rules.pop() ?? "";
      const [, body = "", comment = ""] = /^\s*(.*?)( {3,}.*)?$/.exec(line) ?? [];
      rules.push(`${before} ${body}${comment}`);
    }
  }
  return rules;
}

function itemsOf(tokens: Iterator<string>): readonly Item[] {
  const items: Item[] = [];
  for (let next = tokens.next(); next.done !== true; next = tokens.next()) {
    const token = next.value;
    if (token === "}" || token === "]") break;
    if (token === "{") items.push({ kind: "repeat", items: itemsOf(tokens) });
    else if (token === "[") items.push({ kind: "optional", items: itemsOf(tokens) });
    else if (token.includes(":")) {
      const [name = "", type = ""] = token.split(":");
      items.push({ kind: "field", name, type });
    } else if (/^u\d+$/.test(token)) items.push({ kind: "field", name: "", type: token });
    else if (token !== "bytes") items.push({ kind: "rule", name: token });
  }
  return items;
}

export type Value = number | string | Uint8Array | undefined;

/** The fields of a payload that stand in the rule itself, by name; fails when the rule does not read it to its last byte. */
export function readBy(grammar: Grammar, name: string, payload: Uint8Array): ReadonlyMap<string, Value> {
  const walk = new Walk(grammar, payload);
  const fields = walk.rule(name);
  deepEqual(walk.left, 0, `the page reads ${name} to its last byte`);
  return fields;
}

class Walk {
  readonly #grammar: Grammar;
  readonly #bytes: DataView;
  #at = 0;

  constructor(grammar: Grammar, payload: Uint8Array) {
    this.#grammar = grammar;
    this.#bytes = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  }

  get left(): number {
    return this.#bytes.byteLength - this.#at;
  }

  rule(name: string): ReadonlyMap<string, Value> {
    const rule = this.#grammar.get(name);
    ok(rule !== undefined, `the page has a rule for ${name}`);
    const fields = new Map<string, Value>();
    this.#items(rule, rule.items, fields);
    return fields;
  }

  #items(rule: Rule, items: readonly Item[], fields: Map<string, Value>): void {
    for (const item of items) {
      if (item.kind === "field") fields.set(item.name, this.#field(item.type));
      else if (item.kind === "rule") this.rule(item.name);
      else if (item.kind === "repeat") {
        const count = Number(fields.get("count"));
        for (let i = 0; i < count; i++) this.#items(rule, item.items, new Map());
      } else {
        const [first] = item.items;
        const named = first !== undefined && "name" in first ? first.name : "";
        const bit = rule.flags.get(named);
        ok(bit !== undefined, `the page says which flag ${named} has`);
        if ((Number(fields.get("flags")) & bit) !== 0) this.#items(rule, item.items, fields);
      }
    }
  }

  #field(type: string): Value {
    switch (type) {
      case "u8":
        return this.#number(1);
      case "u16":
        return this.#number(2);
      case "u32":
        return this.#number(4);
      case "u64":
        return this.#number(8);
      case "f64":
        return this.#float();
      case "u32?":
        return present(this.#number(4), 2 ** 32 - 1);
      case "u64?":
        return present(this.#number(8), 2 ** 64);
      case "text":
        return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(this.#take(this.#number(2)));
      case "sized":
        return this.#take(this.#number(4));
      case "16":
        return this.#take(16);
      default:
        throw new TypeError(`the page does not say what ${type} is`);
    }
  }

  #float(): number {
    const bytes = this.#take(8);
    return new DataView(bytes.buffer, bytes.byteOffset, 8).getFloat64(0);
  }

  #number(byteCount: number): number {
    return this.#take(byteCount).reduce((sum, byte) => sum * 256 + byte, 0);
  }

  #take(byteCount: number): Uint8Array {
    ok(byteCount <= this.left, "the page asks for no more bytes than there are");
    const from = this.#bytes.byteOffset + this.#at;
    this.#at += byteCount;
    return new Uint8Array(this.#bytes.buffer, from, byteCount);
  }
}

const present = (value: number, absent: number): number | undefined => (value === absent ? undefined : value);
