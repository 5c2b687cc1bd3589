/**
 * Writes the journal of the format that this code has, and what clients see of it, beside this file: `node make.ts <folder>`. Run it for a
 * new format version or when a kind of record was added; never over a folder of a released version.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { journals } from "./journals.ts";
import { seenBy } from "./life.ts";

const [folder] = process.argv.slice(2);
const make = journals[folder ?? ""];
if (folder === undefined || make === undefined)
  throw new Error(`say which folder: ${Object.keys(journals).join(" or ")}`);
const path = join(import.meta.dirname, folder);
await mkdir(path);
const disk = await make();
for (const name of disk.fileNames())
  await writeFile(join(path, name), disk.content(name) ?? new Uint8Array(0));
await writeFile(
  join(path, "seen.json"),
  `${JSON.stringify(await seenBy(disk.imageAfterKill()), undefined, 2)}\n`,
);
