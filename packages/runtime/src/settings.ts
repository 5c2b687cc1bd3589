/**
 * Settings of a process: declared once with their meaning and default, read from the environment, checked at the start.
 * A wrong value stops the process with a sentence that names the setting, what it was and what it may be.
 */
import { Fault } from "./fault.ts";

/** How one setting is read. `Value` is what the program gets. */
export interface Setting<Value> {
  /** One or two sentences for `.env.example`. */
  readonly meaning: string;
  /** The default as somebody would write it; empty when the setting is off unless given. */
  readonly example: string;
  /** What the text stands for, or a sentence that says what it may be. */
  readonly parse: (text: string) => { readonly value: Value } | { readonly expected: string };
  readonly fallback: Value;
  /** What was given is shown to nobody, not even when it is wrong. */
  readonly secret?: true;
}

export type SettingsTable = Readonly<Record<string, Setting<unknown>>>;

export type SettingsOf<Table extends SettingsTable> = {
  readonly [Name in keyof Table]: Table[Name] extends Setting<infer Value> ? Value : never;
};

/** Every wrong setting at once, one sentence a line in the message. Code `bad-setting`. */
export class BadSettings extends Fault {
  constructor(sentences: readonly string[]) {
    super("bad-setting", sentences.join("\n"));
  }
}

/**
 * Reads every setting of the table from `environment`. An absent or empty one gets its default.
 * @throws BadSettings naming each setting that is wrong.
 */
export function readSettings<Table extends SettingsTable>(
  table: Table,
  environment: Readonly<Record<string, string | undefined>>,
): SettingsOf<Table> {
  const values: Record<string, unknown> = {};
  const wrong: string[] = [];
  for (const [name, setting] of Object.entries(table)) {
    const text = environment[name]?.trim();
    if (text === undefined || text === "") {
      values[name] = setting.fallback;
      continue;
    }
    const parsed = setting.parse(text);
    if ("value" in parsed) values[name] = parsed.value;
    else {
      const given = setting.secret === true ? name : `${name}=${text}`;
      wrong.push(`${given} is not possible: expected ${parsed.expected}.`);
    }
  }
  if (wrong.length > 0) throw new BadSettings(wrong);
  return values as SettingsOf<Table>;
}

/** The text of `.env.example`: every setting, its meaning above it, its default behind a comment sign. */
export function describeSettings(table: SettingsTable): string {
  return Object.entries(table)
    .map(([name, setting]) => `# ${setting.meaning}\n# ${name}=${setting.example}\n`)
    .join("\n");
}

// ---- kinds of settings ----

/** A whole number from `min` to `max`. */
export const integer = (fallback: number, min: number, max: number, meaning: string): Setting<number> => ({
  meaning,
  example: String(fallback),
  fallback,
  parse: (text) => {
    const value = Number(text);
    return /^-?\d+$/.test(text) && value >= min && value <= max
      ? { value }
      : { expected: `a whole number from ${min} to ${max}` };
  },
});

/** A TCP port; 0 lets the system choose one. */
export const port = (fallback: number, meaning: string): Setting<number> =>
  integer(fallback, 0, 65_535, meaning);

/** One of a few words. */
export const choice = <const Word extends string>(
  words: readonly Word[],
  fallback: Word,
  meaning: string,
): Setting<Word> => ({
  meaning,
  example: fallback,
  fallback,
  parse: (text) => {
    const value = words.find((word) => word === text);
    return value === undefined ? { expected: words.join(" or ") } : { value };
  },
});

/** `true` or `false`. */
export const flag = (fallback: boolean, meaning: string): Setting<boolean> => ({
  meaning,
  example: String(fallback),
  fallback,
  parse: (text) =>
    text === "true" ? { value: true } : text === "false" ? { value: false } : { expected: "true or false" },
});

/** Any text. */
export const text = (fallback: string, meaning: string): Setting<string> => ({
  meaning,
  example: fallback,
  fallback,
  parse: (value) => ({ value }),
});

/** A number of bytes: a whole number, also with the ending k, M or G (powers of 1024). */
export const byteCount = (fallback: number, example: string, meaning: string): Setting<number> => ({
  meaning,
  example,
  fallback,
  parse: (given) => {
    const match = /^(\d+)([kMG]?)$/.exec(given);
    if (match === null) return { expected: "a number of bytes such as 1048576, 512k, 256M or 2G" };
    const unit = { "": 1, k: 1024, M: 1024 ** 2, G: 1024 ** 3 }[match[2] ?? ""] ?? 1;
    return { value: Number(match[1]) * unit };
  },
});

/** Words separated by commas. `known` limits them. */
export const list = (
  fallback: readonly string[],
  meaning: string,
  known?: readonly string[],
): Setting<readonly string[]> => ({
  meaning,
  example: fallback.join(","),
  fallback,
  parse: (given) => {
    const value = given
      .split(",")
      .map((word) => word.trim())
      .filter((word) => word !== "");
    const stranger = value.find((word) => known !== undefined && !known.includes(word));
    return stranger === undefined
      ? { value }
      : { expected: `some of ${known?.join(", ")}, separated by commas` };
  },
});

/**
 * A setting that a later version will know. Giving it a value is an error today, because ignoring it
 * would leave somebody believing that it works.
 */
export const later = (meaning: string): Setting<undefined> => ({
  meaning: `${meaning} (not in this version: giving it a value is an error)`,
  example: "",
  fallback: undefined,
  parse: () => ({ expected: "no value: this version does not have it yet" }),
});
