/** What Linux tells of a process that is not ours, in `/proc` (proc_pid_stat(5)); undefined where there is none. */
import { readFile } from "node:fs/promises";
import type { CpuSeconds } from "../tally.ts";

const kibibyte = 1024;
/** Ticks of a second in `/proc/<pid>/stat`: fixed for programs, whatever the kernel runs at (USER_HZ). */
const ticksPerSecond = 100;

/** Physical memory of a process. */
export async function residentBytesOf(pid: number): Promise<number | undefined> {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
  return kibibytes === undefined ? undefined : Number(kibibytes) * kibibyte;
}

/** CPU of a process so far, all of its threads. */
export async function cpuSecondsOf(pid: number): Promise<CpuSeconds | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  // Behind the name, which may hold anything: state is the third field of the line, utime the fourteenth, stime the fifteenth.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const ticks = Number(fields[11]) + Number(fields[12]);
  return Number.isNaN(ticks) ? undefined : ticks / ticksPerSecond;
}
