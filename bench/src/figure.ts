/** A figure: one number of the table, how it was come by, what it is held to and what it is compared with. */
import { median } from "./statistics.ts";
import type { CpuSeconds, Tally } from "./tally.ts";

/** What a figure has to reach. */
export interface Floor {
  readonly bound: "at least" | "at most";
  readonly value: number;
  /** The value is a multiple of the figure that this one is compared with. */
  readonly ofBaseline?: true;
}

/** What a figure is, before it is measured. */
export interface FigurePlan {
  /** Unique in the whole table. */
  readonly figure: string;
  readonly unit: string;
  readonly read: (tally: Tally) => number;
  readonly floor?: Floor;
  /** The figure, measured in turns with this one, that it is compared with. */
  readonly against?: string;
}

/** CPU of one process over all measured rounds. */
export interface CpuUse {
  readonly process: string;
  readonly seconds: CpuSeconds;
  /** Absent for loads without operations. */
  readonly microsecondsPerOperation?: number;
}

export interface Comparison {
  readonly figure: string;
  /** This figure over the other one: median, least and most of the rounds, each with its neighbour in time. */
  readonly ratio: number;
  readonly ratioLeast: number;
  readonly ratioMost: number;
}

export interface Figure {
  readonly figure: string;
  readonly unit: string;
  /** The median of the rounds; not a number when there were none. */
  readonly value: number;
  readonly least: number;
  readonly most: number;
  readonly rounds: readonly number[];
  /** Processes, connections, batch sizes, durability. */
  readonly how: string;
  readonly cpu: readonly CpuUse[];
  readonly floor?: Floor;
  readonly comparedWith?: Comparison;
  /** Why there is none: what would be measured is not installed here. */
  readonly absent?: string;
}

export function compare(figure: string, own: readonly number[], other: readonly number[]): Comparison {
  const ratios = own.map((value, i) => value / (other[i] ?? Number.NaN));
  return {
    figure,
    ratio: median(ratios),
    ratioLeast: Math.min(...ratios),
    ratioMost: Math.max(...ratios),
  };
}

/** Whether the floor holds; undefined when there is none. */
export function holdsFloor({ value, floor, comparedWith }: Figure): boolean | undefined {
  if (floor === undefined) return undefined;
  const measured = floor.ofBaseline ? (comparedWith?.ratio ?? Number.NaN) : value;
  return floor.bound === "at least" ? measured >= floor.value : measured <= floor.value;
}
