/** A folder for the data of a process, gone with the scope that asked for it. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface DataDirectory extends AsyncDisposable {
  readonly path: string;
}

export async function dataDirectory(): Promise<DataDirectory> {
  const path = await mkdtemp(join(tmpdir(), "sluice-e2e-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}
