/** Settings of a queue: each with a number of its own, so that a server may have one more without another grammar. */
/*  settings => count:u8 { setting:u8 value:sized }
    A value is a number (f64; Infinity is a bound that is left open), a choice (u8, its place in the list), or a dead-letter queue:
    receive-count-max:u32 queue:text, an empty name for none. In a request an unknown setting is refused, in an answer it is passed over.
    docs/protocol.md, "Settings of queues"                                                                                        */

import { textBytesMax } from "./limits.ts";
import type { PayloadReader } from "./reader.ts";
import type { FrameWriter } from "./writer.ts";

export interface WireDeadLetter {
  readonly queue: string;
  /** 1 to 1000. */
  readonly receiveCountMax: number;
}

/** The n-th time that a message is given back it waits `minDelayMs * factor^(n-1)`, at most `maxDelayMs`, less up to the share `jitter` of that. */
export interface WireRetryPolicy {
  /** 0: ready again at once, however often. Default 0. */
  readonly minDelayMs: number;
  /** Default 15 minutes. */
  readonly maxDelayMs: number;
  /** 1 to 10. Default 2. */
  readonly factor: number;
  /** 0 to 1: spreads messages that failed together. Default 0.5. */
  readonly jitter: number;
}

/** How a queue behaves. Times are milliseconds; Infinity is a bound that is left open. docs/queue.md tells each of them in full. */
export interface WireQueueSettings {
  /** How long a delivery hides its message. 0 to 12 h, default 30 s. */
  readonly visibilityTimeoutMs: number;
  /** How long a message waits before it can be received first, unless it says so itself. Up to 10 years, default 0. */
  readonly delayMs: number;
  /** How long a message may wait from then on, unless it says so itself. Default Infinity. */
  readonly timeToLiveMs: number;
  /** What becomes of a message whose time to live has passed. Default `drop`. */
  readonly onExpiry: "drop" | "dead-letter";
  /** When a message that was given back without a delay can be received again. */
  readonly retry: WireRetryPolicy;
  /** Where a message goes that has been received so often and is given back. Default: nowhere. */
  readonly deadLetter: WireDeadLetter | undefined;
  /** How often a message is received that has no dead-letter queue to go to, before it is parked. Infinity: never. Default 100. */
  readonly parkAfterReceives: number;
  /** How long a message may be overtaken by more urgent ones. Default 60 s. */
  readonly priorityAgingMs: number;
  /** Which messages are told apart: those with a deduplication id by that, others not at all or by their content. Default `by-id`. */
  readonly deduplication: "by-id" | "by-content";
  /** How long a deduplication id is remembered. Up to a week, default 5 minutes. */
  readonly deduplicationWindowMs: number;
  /** Messages that may be in flight at a time. Default Infinity. */
  readonly inFlightMax: number;
  /** Messages that may be handed out in a second; may be a fraction. Default Infinity. */
  readonly startsPerSecondMax: number;
  /** Messages that the queue holds at most. Default 2^53 - 1. */
  readonly messageCountMax: number;
  /** Body bytes that the queue holds at most. Default 2^53 - 1. */
  readonly bodyBytesMax: number;
  /** What becomes of a send that does not fit: refused as `queue-full`, or the oldest that wait make room. Default `refuse`. */
  readonly overflow: "refuse" | "drop-oldest";
  /** What an answer about the queue rests on, as far as the server can promise it. Default: the server's. Cannot be changed. */
  readonly durability: "synced" | "buffered" | "memory";
}

/** Some of them; an absent one is not said. `null` takes a dead-letter queue away. */
export interface WireSettingsPatch extends Partial<Omit<WireQueueSettings, "retry" | "deadLetter">> {
  readonly retry?: Partial<WireRetryPolicy>;
  readonly deadLetter?: WireDeadLetter | null;
}

type NameOf<Kind> = {
  [Name in keyof WireQueueSettings]-?: WireQueueSettings[Name] extends Kind ? Name : never;
}[keyof WireQueueSettings];
type NumberName = NameOf<number>;
type ChoiceName = NameOf<string>;

type Draft = { -readonly [Name in NumberName]?: number } & {
  deadLetter?: WireDeadLetter | null;
  retry?: { -readonly [Name in keyof WireRetryPolicy]?: WireRetryPolicy[Name] };
};

/** One setting: how its value is written, when there is one, and read. */
interface Setting {
  readonly name: string;
  /** What docs/protocol.md says of its value. */
  readonly values: string;
  has(settings: WireSettingsPatch): boolean;
  write(to: FrameWriter, settings: WireSettingsPatch): void;
  read(from: PayloadReader, draft: Draft): void;
}

const numberBytes = 8;

const number = (name: NumberName): Setting => ({
  name,
  values: "number",
  has: (settings) => settings[name] !== undefined,
  write: (to, settings) => to.u32(numberBytes).f64(settings[name] ?? 0),
  read: (from, draft) => {
    draft[name] = from.f64();
  },
});

const retry = (name: keyof WireRetryPolicy): Setting => ({
  name: `retry.${name}`,
  values: "number",
  has: (settings) => settings.retry?.[name] !== undefined,
  write: (to, settings) => to.u32(numberBytes).f64(settings.retry?.[name] ?? 0),
  read: (from, draft) => {
    draft.retry = { ...draft.retry, [name]: from.f64() };
  },
});

const choice = <Name extends ChoiceName>(
  name: Name,
  choices: readonly (WireQueueSettings[Name] & string)[],
): Setting => ({
  name,
  values: choices.map((one, place) => `${place} ${one}`).join(", "),
  has: (settings) => settings[name] !== undefined,
  write: (to, settings) => to.u32(1).u8(choices.indexOf(settings[name] as (typeof choices)[number])),
  read: (from, draft) => {
    Object.assign(draft, { [name]: from.choice(name, choices) });
  },
});

const utf8 = new TextEncoder();

const deadLetter: Setting = {
  name: "deadLetter",
  values: "dead-letter queue",
  has: (settings) => settings.deadLetter !== undefined,
  write: (to, settings) => {
    const { queue, receiveCountMax } = settings.deadLetter ?? { queue: "", receiveCountMax: 0 };
    to.u32(4 + 2 + utf8.encode(queue).byteLength);
    to.u32(receiveCountMax).text(queue);
  },
  read: (from, draft) => {
    const receiveCountMax = from.u32();
    const queue = from.text("the dead-letter queue", textBytesMax);
    draft.deadLetter = queue === "" ? null : { queue, receiveCountMax };
  },
};

/** By number. Stable: a number never gets a second meaning. */
export const queueSettings: ReadonlyMap<number, Setting> = new Map([
  [1, number("visibilityTimeoutMs")],
  [2, number("delayMs")],
  [3, number("timeToLiveMs")],
  [4, choice("onExpiry", ["drop", "dead-letter"])],
  [5, retry("minDelayMs")],
  [6, retry("maxDelayMs")],
  [7, retry("factor")],
  [8, retry("jitter")],
  [9, deadLetter],
  [10, number("parkAfterReceives")],
  [11, number("priorityAgingMs")],
  [12, choice("deduplication", ["by-id", "by-content"])],
  [13, number("deduplicationWindowMs")],
  [14, number("inFlightMax")],
  [15, number("startsPerSecondMax")],
  [16, number("messageCountMax")],
  [17, number("bodyBytesMax")],
  [18, choice("overflow", ["refuse", "drop-oldest"])],
  [19, choice("durability", ["synced", "buffered", "memory"])],
]);

export function writeSettings(to: FrameWriter, settings: WireSettingsPatch): void {
  const said = [...queueSettings].filter(([, setting]) => setting.has(settings));
  to.u8(said.length);
  for (const [number, setting] of said) setting.write(to.u8(number), settings);
}

const settingBytesMin = 5;

/** `unknown`: what becomes of a setting that this end does not know. */
export function readSettings(from: PayloadReader, unknown: "refuse" | "pass over"): WireSettingsPatch {
  const count = from.count("settings", from.u8(), 0xff, settingBytesMin);
  const draft: Draft = {};
  const said = new Set<number>();
  for (let i = 0; i < count && !from.failed; i++) {
    const number = from.u8();
    const bytes = from.u32();
    const setting = queueSettings.get(number);
    if (said.has(number)) from.invalid(`the setting ${setting?.name ?? number} is given twice`);
    said.add(number);
    const end = from.at + bytes;
    if (setting !== undefined) setting.read(from, draft);
    else if (unknown === "refuse") from.invalid(`there is no setting ${number}`);
    else from.skip(bytes);
    if (!from.failed && from.at !== end) from.malformed(`the setting ${setting?.name} has ${bytes} bytes`);
  }
  return draft as WireSettingsPatch;
}

/** The settings of a description. The durability is not among them: there it says what answers rest on. */
export function readAllSettings(from: PayloadReader): Omit<WireQueueSettings, "durability"> {
  const settings = readSettings(from, "pass over");
  for (const setting of queueSettings.values()) {
    if (setting.name !== "durability" && !setting.has(settings)) {
      from.malformed(`the setting ${setting.name} is missing`);
    }
  }
  const { durability: _, deadLetter, ...rest } = settings;
  // What lacks one is malformed, and nobody sees what was read of it.
  return { ...rest, deadLetter: deadLetter ?? undefined } as Omit<WireQueueSettings, "durability">;
}
