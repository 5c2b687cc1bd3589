/** What the files of a journal take on the disk, by what they are for: their names tell. */
import type { JournalFileUse, JournalUsage } from "./journal.ts";
import type { MeasuredDisk } from "./measured-disk.ts";
import { reserveName } from "./reserve.ts";
import { parseFileName } from "./segment.ts";

export function usageOf(disk: MeasuredDisk): JournalUsage {
  const bytes = { segment: 0, checkpoint: 0, archive: 0, reserve: 0, other: 0 };
  let segmentCount = 0;
  for (const [name, fileBytes] of disk.files()) {
    const use = useOf(name);
    bytes[use] += fileBytes;
    if (use === "segment") segmentCount++;
  }
  return { segmentCount, bytes };
}

function useOf(name: string): JournalFileUse {
  return name === reserveName ? "reserve" : (parseFileName(name)?.kind ?? "other");
}
