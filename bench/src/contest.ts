/**
 * Measures several entrants in turns: a round of each, then another round of each in the opposite order. What the machine does beside us
 * then falls on all of them alike, and a ratio of neighbours in time says more than two figures that were taken apart.
 */
import { assert } from "@sluice/runtime";
import type { Effort } from "./effort.ts";
import { type Entrant, EntrantRounds, type ProcessProfile } from "./entrant.ts";
import { compare, type Figure } from "./figure.ts";
import { median } from "./statistics.ts";

export interface Outcome {
  readonly figures: readonly Figure[];
  /** Empty unless the effort asks for profiles. */
  readonly profiles: readonly ProcessProfile[];
}

/** Figures in the order of the entrants. `rounds` bounds the rounds of work whose length is not ours to choose. */
export async function contest(
  effort: Effort,
  entrants: readonly Entrant[],
  rounds = effort.rounds,
): Promise<Outcome> {
  const everybody = entrants.map((entrant) => new EntrantRounds(entrant));
  const measured = everybody.filter(({ entrant }) => entrant.absent === undefined);
  const roundCount = Math.min(rounds, effort.rounds);
  if (effort.warmUp) for (const { entrant } of measured) await entrant.round(effort.roundSeconds);
  const profiles: ProcessProfile[] = [];
  if (effort.profile) {
    for (const each of measured) {
      const work = async (): Promise<void> => {
        for (let round = 0; round < roundCount; round++) await each.measure(effort.roundSeconds);
      };
      profiles.push(...(await each.profiled(work)));
    }
  } else {
    for (let round = 0; round < roundCount; round++) {
      for (const each of round % 2 === 0 ? measured : measured.toReversed()) {
        await each.measure(effort.roundSeconds);
      }
    }
  }
  return { figures: figuresOf(everybody), profiles };
}

function figuresOf(everybody: readonly EntrantRounds[]): Figure[] {
  const valuesOf = new Map<string, readonly number[]>();
  for (const each of everybody) {
    for (const plan of each.entrant.figures) {
      assert(!valuesOf.has(plan.figure), `there is one figure ${plan.figure}`);
      valuesOf.set(plan.figure, each.values(plan));
    }
  }
  return everybody.flatMap(({ entrant, cpu }) =>
    entrant.figures.map(({ figure, unit, floor, against }): Figure => {
      const values = valuesOf.get(figure) ?? [];
      if (entrant.absent !== undefined) return absentFigure(figure, unit, entrant.how, entrant.absent);
      const other = against === undefined ? undefined : valuesOf.get(against);
      assert(other !== undefined || against === undefined, `${figure} is measured in turns with ${against}`);
      return {
        figure,
        unit,
        value: median(values),
        least: Math.min(...values),
        most: Math.max(...values),
        rounds: values,
        how: entrant.how,
        cpu,
        ...(floor === undefined ? {} : { floor }),
        ...(against === undefined || other === undefined
          ? {}
          : { comparedWith: compare(against, values, other) }),
      };
    }),
  );
}

function absentFigure(figure: string, unit: string, how: string, absent: string): Figure {
  return {
    figure,
    unit,
    value: Number.NaN,
    least: Number.NaN,
    most: Number.NaN,
    rounds: [],
    how,
    cpu: [],
    absent,
  };
}
