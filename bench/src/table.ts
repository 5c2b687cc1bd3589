/** The figures as a Markdown table, which reads as well in a terminal. */
import type { ProcessProfile } from "./entrant.ts";
import { type Comparison, type CpuUse, type Figure, type Floor, holdsFloor } from "./figure.ts";

const headings = ["figure", "value", "unit", "least to most", "beside it", "floor", "CPU", "how"];
/** Columns that are read from the right. */
const numeric = new Set(["value", "least to most"]);
const sameAsAbove = '"';
/** From a tenth of a second on, CPU of a single operation is the CPU of the round. */
const microsecondsTold = 100_000;

export function table(figures: readonly Figure[]): string {
  const rows = figures.map(rowOf);
  const widths = headings.map((heading, column) =>
    Math.max(heading.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, i) => pad(cell, widths[i] ?? 0, numeric.has(headings[i] ?? ""))).join(" | ")} |`;
  const rule = headings.map((heading, i) => {
    const dashes = "-".repeat(widths[i] ?? 0);
    return numeric.has(heading) ? `${dashes.slice(1)}:` : dashes;
  });
  return [line(headings), line(rule), ...rows.map(line)].join("\n");
}

/** The five widest frames of each process, as a Markdown table. */
export function profileTable({ figure, process, frames }: ProcessProfile): string {
  const rows = frames
    .slice(0, 5)
    .map(({ name, place, share }) => `| ${(share * 100).toFixed(1)} % | ${name} | ${place || "-"} |`);
  return [`${figure}: ${process}`, "", "| self | frame | where |", "| ---: | --- | --- |", ...rows].join(
    "\n",
  );
}

function rowOf(figure: Figure, index: number, figures: readonly Figure[]): readonly string[] {
  const { comparedWith, cpu, how, absent } = figure;
  if (absent !== undefined)
    return [figure.figure, "not installed here", figure.unit, "-", "-", "-", "-", absent];
  const [beforeCpu, beforeHow] = [figures[index - 1]?.cpu, figures[index - 1]?.how];
  return [
    figure.figure,
    number(figure.value),
    figure.unit,
    `${number(figure.least)} to ${number(figure.most)}`,
    comparedWith === undefined ? "-" : besideCell(comparedWith),
    floorCell(figure, figure.floor),
    cpu === beforeCpu ? sameAsAbove : cpu.map(cpuCell).join("; ") || "-",
    how === beforeHow ? sameAsAbove : how,
  ];
}

const besideCell = ({ figure, ratio, ratioLeast, ratioMost }: Comparison): string =>
  `${percent(ratio)} of ${figure} (${percent(ratioLeast)} to ${percent(ratioMost)})`;

function cpuCell({ process, seconds, microsecondsPerOperation: each }: CpuUse): string {
  const used = `${process} ${number(seconds)} s`;
  return each === undefined || each >= microsecondsTold ? used : `${used}, ${number(each)} µs each`;
}

function floorCell(figure: Figure, floor: Floor | undefined): string {
  if (floor === undefined) return "-";
  const bound = `${floor.bound} ${floor.ofBaseline ? percent(floor.value) : number(floor.value)}`;
  return `${bound}: ${holdsFloor(figure) ? "held" : "missed"}`;
}

/** Three digits that mean something, thousands separated. */
function number(value: number): string {
  if (Number.isNaN(value)) return "unknown";
  if (value >= 100) return Math.round(Number(value.toPrecision(3))).toLocaleString("en-US");
  return String(Number(value.toPrecision(3)));
}

const percent = (ratio: number): string => `${number(ratio * 100)} %`;

const pad = (cell: string, width: number, right: boolean): string =>
  right ? cell.padStart(width) : cell.padEnd(width);
