/**
 * `sluice verify <DATA_DIR>`: tells whether a journal is sound. It only reads, and ends with 0 for sound, 1 for damaged, 2 for "cannot tell":
 * no journal there, a newer format, an error of the disk, or a process that is using it.
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type VerifyReport, verifyJournal } from "@sluice/broker";
import { NodeDisk } from "@sluice/broker/journal";
import { systemClock } from "@sluice/runtime";

/** Where a command writes to. */
export interface Output {
  readonly stdout: { write(text: string): unknown };
  readonly stderr: { write(text: string): unknown };
}

const cannotTell = 2;

/** Runs the command and resolves with its exit code. */
export async function verifyCommand(args: readonly string[], output: Output): Promise<0 | 1 | 2> {
  const fail = (sentence: string): typeof cannotTell => {
    output.stderr.write(`${sentence}\n`);
    return cannotTell;
  };
  let directory: string;
  let options: { readonly json: boolean; readonly force: boolean };
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: { json: { type: "boolean", default: false }, force: { type: "boolean", default: false } },
      allowPositionals: true,
    });
    const [dataDirectory, ...others] = positionals;
    if (dataDirectory === undefined || others.length > 0) {
      return fail("Usage: sluice verify <DATA_DIR> [--json] [--force]");
    }
    directory = join(dataDirectory, "journal");
    options = values;
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error));
  }
  try {
    const disk = NodeDisk.openToRead(directory);
    const holder = await disk.holder();
    if (holder !== undefined && !options.force) {
      return fail(
        `${directory} is in use by process ${holder}, and what is being written looks like damage. Stop it first, or give --force.`,
      );
    }
    const report = await verifyJournal(disk, systemClock);
    output.stdout.write(options.json ? `${JSON.stringify(report)}\n` : asText(directory, report));
    return report.sound ? 0 : 1;
  } catch (error) {
    return fail(`${directory} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? "" : "s"}`;

function asText(directory: string, report: VerifyReport): string {
  const { segmentCount, segmentBytes, checkpointCount, checkpointSequence, firstSequence, tornTail } = report;
  const lines = [
    `The journal in ${directory} is ${report.sound ? "sound" : "DAMAGED"}.`,
    `  format       ${report.formatVersions.join(", ") || "none"}`,
    `  segments     ${segmentCount} with ${segmentBytes} bytes`,
    `  checkpoints  ${checkpointCount}${checkpointSequence === undefined ? "" : `; read from the one through sequence ${checkpointSequence}`}`,
    `  appends      ${report.appends}${firstSequence === undefined ? "" : `, sequences ${firstSequence} to ${report.lastSequence}`}`,
    `  holds        ${plural(report.queueCount, "queue")}, ${plural(report.topicCount, "topic")}, ${plural(report.groupCount, "consumer group")} and ${report.bodyCount - report.unreadableBodies.length} readable bodies`,
  ];
  if (report.archiveCount > 0) {
    lines.splice(
      3,
      0,
      `  archive      ${plural(report.archiveCount, "file")} with ${report.archiveBytes} bytes`,
    );
  }
  if (tornTail !== undefined) {
    lines.push(
      `  torn tail    ${tornTail.segment} breaks off at ${tornTail.offset}, ${tornTail.bytes} bytes before its end, in sequence ${tornTail.sequence}: the next start cuts it; nobody was told of it`,
    );
  }
  for (const { segment, offset, bytes, firstSequence: first, appendsLost } of report.damages) {
    lines.push(
      `  damage       ${segment} at ${offset}, ${bytes} bytes: ${plural(appendsLost, "append")} lost from sequence ${first}`,
    );
  }
  for (const { sequence, owner, problem } of report.orphans) {
    lines.push(`  orphan       sequence ${sequence}, number ${owner}: ${problem}`);
  }
  for (const { owner, problem } of report.unreadableBodies) {
    lines.push(`  lost body    of number ${owner}: ${problem}`);
  }
  for (const { file, owner, partition, problem } of report.archiveProblems) {
    lines.push(`  damage       ${file} of number ${owner}, partition ${partition}: ${problem}`);
  }
  for (const file of report.orphanedArchives) {
    lines.push(
      `  unneeded     ${file}: nothing refers to it; the next start removes it, or takes it up if its records are nowhere else`,
    );
  }
  return `${lines.join("\n")}\n`;
}
