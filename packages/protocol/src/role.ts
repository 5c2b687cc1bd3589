/** What a client is: the first thing that it says on a connection, as text. How the text is found in the bytes: role-reader.ts. */

/**
 * Of the classic roles, a producer's frames are messages, and a consumer's connection carries messages to it. `full` speaks the full
 * protocol, SLUICE/1.
 */
export const roleKinds = ["producer", "consumer", "full"] as const;
export type RoleKind = (typeof roleKinds)[number];

/** `CONSUMER queue=orders` is `{ kind: "consumer", parameters: Map { "queue" => "orders" } }`. */
export interface Role {
  readonly kind: RoleKind;
  /** Decoded, in the order given. Which names mean something is the server's to say. */
  readonly parameters: ReadonlyMap<string, string>;
}

/** Why the first bytes of a connection are no role. `sentence` is for the person who reads the error frame. */
export interface RoleFault {
  readonly code: "unknown-role" | "malformed-role";
  readonly sentence: string;
}

/** The words of the roles, each exactly eight ASCII characters. */
const wordByKind = { producer: "PRODUCER", consumer: "CONSUMER", full: "SLUICE/1" } as const satisfies Record<
  RoleKind,
  string
>;
const kindByWord: ReadonlyMap<string, RoleKind> = new Map(roleKinds.map((kind) => [wordByKind[kind], kind]));

export const roleWords: readonly string[] = [...kindByWord.keys()];

const parameterName = /^[a-z][a-z0-9-]{0,31}$/;

/**
 * Reads `<WORD>{ <name>=<value>}`: one space before each parameter, values percent-encoded UTF-8 (RFC 3986 §2.1),
 * names lower case and given once.
 */
export function parseRole(text: string): Role | RoleFault {
  const [word = "", ...pairs] = text.split(" ");
  const kind = kindByWord.get(word);
  if (kind === undefined) {
    return { code: "unknown-role", sentence: `${quote(word)} is not a role. ${rolesSentence}` };
  }
  const parameters = new Map<string, string>();
  for (const pair of pairs) {
    const equals = pair.indexOf("=");
    const name = equals < 0 ? pair : pair.slice(0, equals);
    if (equals < 0 || !parameterName.test(name)) {
      // Without its value, which may be a token under a mistyped name, and would stand in the log.
      return malformed(
        `${quote(name)} is not a parameter: after the role comes one space and <name>=<value>`,
      );
    }
    if (parameters.has(name)) return malformed(`the parameter ${name} is given twice`);
    const value = percentDecode(pair.slice(equals + 1));
    if (value === undefined || value === "") {
      return malformed(
        `the value of the parameter ${name} is ${value === "" ? "empty" : "not percent-encoded UTF-8"}`,
      );
    }
    parameters.set(name, value);
  }
  return { kind, parameters };
}

/** The text that `parseRole` reads back as this role. */
export function formatRole(role: Role): string {
  const pairs = [...role.parameters].map(([name, value]) => ` ${name}=${encodeURIComponent(value)}`);
  return wordByKind[role.kind] + pairs.join("");
}

/** Tells the one from the other. */
export function isRoleFault(parsed: Role | RoleFault): parsed is RoleFault {
  return "code" in parsed;
}

/** Said wherever a role is missing. */
export const rolesSentence = `A connection starts with one of ${roleWords.join(", ")}, as a frame or as those bare bytes.`;

/** What a stranger sent, short and printable, so that it can stand in an answer and in a log line. */
export function quote(text: string): string {
  const shown = [...text.slice(0, 40)].map((c) => (c >= " " && c <= "~" && c !== '"' ? c : "?")).join("");
  return `"${shown}${text.length > 40 ? "..." : ""}"`;
}

function percentDecode(value: string): string | undefined {
  try {
    return decodeURIComponent(value);
  } catch {
    return undefined;
  }
}

const malformed = (what: string): RoleFault => ({
  code: "malformed-role",
  sentence: `The role is malformed: ${what}.`,
});
