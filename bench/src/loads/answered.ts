/** An answer that has to be a good one: a refusal ends the round, because a figure of refusals is worth nothing. */
import { Fault } from "@sluice/runtime";

interface Refused {
  readonly ok: false;
  readonly refusal: string;
  readonly detail: string;
}

/** The answer without the refusals that it could have been. */
export function answered<Answer extends { readonly ok: true } | Refused>(
  result: Answer,
): Exclude<Answer, { readonly ok: false }> {
  if (isGood(result)) return result;
  const { refusal, detail } = result as Refused;
  throw new Fault("refused", `The broker refused (${refusal}): ${detail}`);
}

function isGood<Answer extends { readonly ok: boolean }>(
  result: Answer,
): result is Exclude<Answer, { readonly ok: false }> {
  return result.ok;
}
