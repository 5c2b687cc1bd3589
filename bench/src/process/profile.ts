/** Where a process spends its time: V8's sampling profiler, summed by function. */
import { Session } from "node:inspector/promises";
import { relative } from "node:path";

/** One function, without what it calls. */
export interface Frame {
  readonly name: string;
  /** `path:line` in the project; empty for what belongs to V8 or the system. */
  readonly place: string;
  /** Share of the samples in which the process was not idle, 0 to 1. */
  readonly share: number;
}

const intervalMicroseconds = 500;
const root = new URL("../../..", import.meta.url);

export class Profile {
  readonly #session = new Session();

  async start(): Promise<void> {
    this.#session.connect();
    await this.#session.post("Profiler.enable");
    await this.#session.post("Profiler.setSamplingInterval", { interval: intervalMicroseconds });
    await this.#session.post("Profiler.start");
  }

  /** Ends the sampling. Widest first; time in which nothing ran is left out. */
  async stop(): Promise<readonly Frame[]> {
    const { profile } = await this.#session.post("Profiler.stop");
    this.#session.disconnect();
    const samples = new Map<string, { readonly name: string; readonly place: string; count: number }>();
    let busy = 0;
    for (const { callFrame, hitCount = 0 } of profile.nodes) {
      if (callFrame.functionName === "(idle)") continue;
      const name = callFrame.functionName || "(anonymous)";
      const place = placeOf(callFrame.url, callFrame.lineNumber);
      const key = `${name} ${place}`;
      const frame = samples.get(key) ?? { name, place, count: 0 };
      frame.count += hitCount;
      busy += hitCount;
      samples.set(key, frame);
    }
    return [...samples.values()]
      .toSorted((a, b) => b.count - a.count)
      .map(({ name, place, count }) => ({ name, place, share: count / Math.max(1, busy) }));
  }
}

/** `lineNumber` counts from 0. */
function placeOf(url: string, lineNumber: number): string {
  if (url === "") return "";
  const path = url.startsWith("file:") ? relative(root.pathname, new URL(url).pathname) : url;
  return `${path}:${lineNumber + 1}`;
}
