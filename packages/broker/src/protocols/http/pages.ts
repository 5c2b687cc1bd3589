/** Lists that are too long for one answer: a page at a time, by a cursor. */
import Type from "typebox";
import { textOrNull } from "./fields.ts";

const usualCount = 100;

/** Query of a list. `countMax` is the most that one page may be asked to hold. */
export const pageQuery = (countMax: number) => ({
  after: Type.Optional(
    Type.String({ maxLength: 1024, description: "`next` of the page before. Default: from the beginning." }),
  ),
  max: Type.Optional(Type.Integer({ minimum: 1, maximum: countMax, default: usualCount })),
});

export const nextField = textOrNull("Where the next page begins; null on the last one.");

interface Asked {
  readonly after?: string;
  readonly max?: number;
}

/** The names of one page, out of all of them in order; a name that has gone meanwhile is no hindrance. */
export function pageOfNames(
  names: readonly string[],
  { after, max = usualCount }: Asked,
): { readonly names: readonly string[]; readonly next: string | null } {
  const rest = after === undefined ? names : names.filter((name) => name > after);
  const page = rest.slice(0, max);
  return { names: page, next: page.length < rest.length ? (page.at(-1) ?? null) : null };
}

/** How many entries a page has when nobody says. */
export const maxOf = ({ max = usualCount }: Asked): number => max;
