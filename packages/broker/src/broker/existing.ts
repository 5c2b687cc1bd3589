/** Creating what exists already: fine with the same settings, refused with others. */
import { type Refused, refuse } from "../queue/refusals.ts";

/** The first setting in which the two differ. */
export function differing<Settings extends object>(is: Settings, asked: Settings): string | undefined {
  for (const name of Object.keys(asked) as (keyof Settings & string)[]) {
    if (JSON.stringify(is[name]) !== JSON.stringify(asked[name])) return name;
  }
  return undefined;
}

export const alreadyThere = (what: string, name: string, setting: string): Refused<"invalid-setting"> =>
  refuse("invalid-setting", `The ${what} '${name}' exists already, with another ${setting}.`);
