/** From the start of the whole process until it is ready: with nothing, and with a backlog that has to be read back. */
import { scaled } from "../effort.ts";
import { messageBytes } from "../loads/payload.ts";
import { type Scenario, unattended } from "../scenario.ts";
import { reading, type Tally } from "../tally.ts";

/** A start takes as long as it takes, and three say as much as five. */
const roundsMax = 3;
/** What a message that waits may take in memory beside the bytes of its body. */
const besideBytesMax = 100;
const mebibyte = 1024 * 1024;
/** Not a number where the system does not tell. */
const residentBytes = ({ readings }: Tally): number => readings.residentBytes ?? Number.NaN;

export const start: Scenario = {
  name: "start",
  run: async (bench) => {
    const waiting = scaled(1_000_000, bench.effort);
    const [read, unit] = [reading("readyMs"), "ms"];
    const empty = await bench.load("process-start", { program: "everything", waiting: 0 });
    const broker = await bench.load("process-start", { program: "broker", waiting: 0 });
    const full = await bench.load("process-start", { program: "everything", waiting });
    const nothing = await bench.load("process-start", { program: "nothing", waiting: 0 });
    const against = "node with an empty script, start to end";
    const backlog = `${waiting} messages waiting, sent 100 at a time, no checkpoint, bodies in memory`;
    let emptyBytes = 0;
    const startEmpty = async (seconds: number): Promise<Tally> => {
      const tally = await empty.round(seconds);
      emptyBytes = residentBytes(tally);
      return tally;
    };
    return bench.contest(
      [
        unattended(startEmpty, "1 process with everything; empty data directory", [
          { figure: "start to ready, empty", unit, read, against, floor: { bound: "at most", value: 1500 } },
          {
            figure: "resident memory when ready, empty",
            unit: "MiB",
            read: (tally) => residentBytes(tally) / mebibyte,
          },
        ]),
        unattended((seconds) => broker.round(seconds), "1 process, PARTS=broker; empty data directory", [
          {
            figure: "start to ready, broker alone, empty",
            unit,
            read,
            against,
            floor: { bound: "at most", value: 500 },
          },
          {
            figure: "resident memory when ready, broker alone, empty",
            unit: "MiB",
            read: (tally) => residentBytes(tally) / mebibyte,
          },
        ]),
        unattended(
          (seconds) => full.round(seconds),
          `1 process with everything; ${backlog}; files in the page cache`,
          [
            { figure: "start to ready, backlog", unit, read, floor: { bound: "at most", value: 5000 } },
            {
              figure: "resident memory of a waiting message beside its body",
              unit: "bytes",
              read: (tally) => (residentBytes(tally) - emptyBytes) / waiting - messageBytes,
              floor: { bound: "at most", value: besideBytesMax },
            },
          ],
        ),
        unattended((seconds) => nothing.round(seconds), "node -e 0", [{ figure: against, unit, read }]),
      ],
      roundsMax,
    );
  },
};
