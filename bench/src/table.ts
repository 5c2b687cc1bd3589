/** The figures as a Markdown table, which reads as well in a terminal. */

import type { ProcessProfile } from "./entrant.ts";
import { type Figure, type Floor, holdsFloor } from "./figure.ts";

const headings = [
  "figure",
  "value",
  "unit",
  "least to most",
  "beside, in the same run",
  "floor",
  "CPU",
  "how",
];
/** Columns that are read from the right. */
const numeric = new Set(["value", "least to most"]);

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

function rowOf(figure: Figure): readonly string[] {
  const { comparedWith, cpu } = figure;
  const beside =
    comparedWith === undefined ? "-" : `${percent(comparedWith.ratio)} of ${comparedWith.figure}`;
  const used = cpu.map(({ process, seconds, microsecondsPerOperation: each }) =>
    each === undefined
      ? `${process} ${seconds.toFixed(1)} s`
      : `${process} ${seconds.toFixed(1)} s (${number(each)} µs each)`,
  );
  return [
    figure.figure,
    number(figure.value),
    figure.unit,
    `${number(figure.least)} to ${number(figure.most)}`,
    beside,
    floorCell(figure, figure.floor),
    used.join(", ") || "-",
    figure.how,
  ];
}

function floorCell(figure: Figure, floor: Floor | undefined): string {
  if (floor === undefined) return "-";
  const bound = `${floor.bound} ${floor.ofBaseline ? percent(floor.value) : number(floor.value)}`;
  const over = floor.over === undefined ? "" : ` over ${floor.over}`;
  return `${bound}${over}: ${holdsFloor(figure) ? "held" : "missed"}`;
}

/** Three digits that mean something, thousands separated. */
function number(value: number): string {
  if (value >= 100) return Math.round(Number(value.toPrecision(3))).toLocaleString("en-US");
  return String(Number(value.toPrecision(3)));
}

const percent = (ratio: number): string => `${number(ratio * 100)} %`;

const pad = (cell: string, width: number, right: boolean): string =>
  right ? cell.padStart(width) : cell.padEnd(width);
