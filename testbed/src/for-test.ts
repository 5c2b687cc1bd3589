/** What a test does about a part that is not installed: it is skipped, visibly, and fails where everything has to be there. */
import { PartMissing } from "./part.ts";

/**
 * Starts the part; resolves with undefined when it is not installed, after `skip` was told why (`(why) => t.skip(why)`).
 * @throws PartMissing in CI (`CI=true`), where nothing is skipped.
 */
export async function unlessMissing<Started>(
  start: () => Promise<Started>,
  skip: (why: string) => void,
): Promise<Started | undefined> {
  try {
    return await start();
  } catch (error) {
    if (!(error instanceof PartMissing) || process.env.CI === "true") throw error;
    skip(error.message);
    return undefined;
  }
}
