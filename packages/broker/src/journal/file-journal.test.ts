/** The journal in files: held to what every journal must do, on a real directory and on a simulated disk. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { seededRandom, systemRandom } from "@sluice/runtime";
import { SimulatedDisk } from "@sluice/testkit";
import { journalConformance } from "./conformance.ts";
import { FileJournal } from "./file-journal.ts";
import { NodeDisk } from "./node-disk.ts";

for (const segmentBytes of [undefined, 4096]) {
  const options = segmentBytes === undefined ? {} : { segmentBytes };
  const suffix = segmentBytes === undefined ? "" : `, segments of ${segmentBytes} bytes`;

  journalConformance(`files in a directory${suffix}`, async () => {
    const directory = await mkdtemp(join(tmpdir(), "sluice-journal-"));
    return {
      open: async () =>
        FileJournal.open({ disk: await NodeDisk.open(directory), random: systemRandom, ...options }),
      [Symbol.asyncDispose]: () => rm(directory, { recursive: true }),
    };
  });

  journalConformance(`files on a simulated disk${suffix}`, async () => {
    const random = seededRandom(1);
    const disk = new SimulatedDisk(random);
    return {
      open: () => FileJournal.open({ disk, random, ...options }),
      [Symbol.asyncDispose]: async () => undefined,
    };
  });
}
