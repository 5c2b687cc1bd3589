/** Finds the programs that parts are started with. */
import { access, constants } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { PartMissing } from "./part.ts";

/** Where Debian puts servers, which is not on everybody's path. */
const further = ["/usr/sbin", "/usr/local/sbin"];

/** The path of a program, or undefined when there is none. */
export async function onPath(program: string): Promise<string | undefined> {
  for (const folder of [...(process.env.PATH ?? "").split(delimiter), ...further]) {
    const path = join(folder, program);
    if (folder !== "" && (await isProgram(path))) return path;
  }
  return undefined;
}

/** @throws PartMissing with the package that has it. */
export async function programOrMissing(program: string, debianPackage: string): Promise<string> {
  const path = await onPath(program);
  if (path !== undefined) return path;
  throw new PartMissing(`${program} is not on the PATH. On Debian: apt-get install ${debianPackage}.`);
}

async function isProgram(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
