/** The libraries of Kafka: fetched by Maven once, into `.parts/` at the root of the project, which Git ignores. */
import { execFile } from "node:child_process";
import { access, mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { Fault } from "@sluice/runtime";
import { programOrMissing } from "./on-path.ts";
import { PartMissing } from "./part.ts";

/** As in `kafka/pom.xml`; a test holds the two together. */
export const kafkaVersion = "4.3.1";

export const kafkaFiles = join(import.meta.dirname, "../kafka");
const parts = join(import.meta.dirname, "../../.parts");
const libraries = join(parts, `kafka-${kafkaVersion}`);

/** The folder of the libraries. @throws PartMissing when they have not been obtained. */
export async function kafkaLibraries(): Promise<string> {
  if (await exists(libraries)) return libraries;
  throw new PartMissing(`Kafka ${kafkaVersion} has not been obtained. Run: npm run parts (it needs Maven).`);
}

/**
 * Obtains the libraries unless they are there; about 45 MB. Resolves with whether there was anything to do.
 * @throws PartMissing without Maven; Fault `part-not-obtained` with what Maven said.
 */
export async function obtainKafka(): Promise<boolean> {
  if (await exists(libraries)) return false;
  const maven = await programOrMissing("mvn", "maven");
  await mkdir(parts, { recursive: true });
  // Whoever is first puts all of it in its place at once: a folder that is there is whole.
  const halfDone = await mkdtemp(`${libraries}-`);
  try {
    const goal = ["dependency:copy-dependencies", "-DincludeScope=runtime", `-DoutputDirectory=${halfDone}`];
    await promisify(execFile)(maven, ["-B", "-q", "-f", join(kafkaFiles, "pom.xml"), ...goal]);
    await rename(halfDone, libraries);
  } catch (cause) {
    if (await exists(libraries)) return false;
    throw new Fault("part-not-obtained", `Maven did not obtain Kafka ${kafkaVersion}: ${said(cause)}`, {
      cause,
    });
  } finally {
    await rm(halfDone, { recursive: true, force: true });
  }
  return true;
}

const said = (cause: unknown): string =>
  cause instanceof Error ? `${cause.message}\n${"stdout" in cause ? cause.stdout : ""}` : String(cause);

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
