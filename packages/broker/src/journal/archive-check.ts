/** Looks at an archive file from outside: reads all of it and holds it against itself. */
import type { ArchiveSource } from "./archive.ts";
import { findByWalk, findGroups } from "./archive-index.ts";
import type { Disk } from "./disk.ts";
import { type FoundFile, headerBytes } from "./segment.ts";

export interface ArchiveCheck {
  /** What cannot be read, or says something else than the rest, as sentences; empty when the file is whole. */
  readonly problems: readonly string[];
  /** Whose records the groups hold that can be read, each once. */
  readonly sources: readonly ArchiveSource[];
  readonly batchCount: number;
}

/** Rejects with the error of the disk. */
export async function checkArchive(disk: Disk, file: FoundFile): Promise<ArchiveCheck> {
  const problems: string[] = [];
  if (file.header === undefined) problems.push(unreadable(0, Math.min(headerBytes, file.size)));
  const open = await disk.open(file.name);
  try {
    const sources = new Map<string, ArchiveSource>();
    let batchCount = 0;
    const walked = await findByWalk(open, file, file.size, ({ owner, partition, batches }) => {
      sources.set(`${owner}/${partition}`, { owner, partition });
      batchCount += batches.length;
    });
    for (const { offset, bytes } of walked.unreadable ?? []) problems.push(unreadable(offset, bytes));
    const indexed = await findGroups(open, file);
    if (indexed.unreadable !== undefined) problems.push("its index cannot be read");
    else if (JSON.stringify(indexed.entries) !== JSON.stringify(walked.entries))
      problems.push("its index does not name the groups that are there");
    return { problems, sources: [...sources.values()], batchCount };
  } finally {
    await open.close();
  }
}

const unreadable = (offset: number, bytes: number): string => `${bytes} bytes at ${offset} cannot be read`;
