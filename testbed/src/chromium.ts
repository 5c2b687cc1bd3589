/** Chromium without a window, as the system has it, driven by playwright-core. */
import { type Browser, chromium } from "playwright-core";
import { programOrMissing } from "./on-path.ts";

/** Leaves nobody in the system who could ask anything of a network but the test. */
const quiet = ["--no-sandbox", "--disable-background-networking", "--disable-component-update"];

/** @throws PartMissing when there is no Chromium on the PATH. */
export async function startChromium(): Promise<Browser> {
  const executablePath = await programOrMissing("chromium", "chromium");
  return chromium.launch({ executablePath, args: quiet });
}
