/** Makes queues, changes their settings while they work, and tells about them. */
/*  createQueue    => queue:text settings                                  -> created; a setting that is absent gets the server's default
    configureQueue => queue:text settings                                  -> changed; a setting that is absent stays as it is
    describeQueue  => queue:text
    queue          => durability:u8 paused:u8 ready:u64 delayed:u64 in-flight:u64 parked:u64 body-bytes:u64
                      oldest-ready-ms:u64? oldest-in-flight-ms:u64? oldest-parked-ms:u64? settings         ? all ones: there is none
    `durability` is what answers about the queue rest on; `settings` are all others.  docs/protocol.md, "Queues"                */
import { durabilities, type WireDurability } from "./durability.ts";
import { textBytesMax } from "./limits.ts";
import {
  readAllSettings,
  readSettings,
  type WireQueueSettings,
  type WireSettingsPatch,
  writeSettings,
} from "./queue-settings.ts";
import type { PayloadReader } from "./reader.ts";
import { answerBit, requestVerbs } from "./verbs.ts";
import type { FrameWriter } from "./writer.ts";

export interface CreateQueueRequest {
  readonly verb: "createQueue";
  readonly id: number;
  readonly queue: string;
  readonly settings: WireSettingsPatch;
}

export interface ConfigureQueueRequest {
  readonly verb: "configureQueue";
  readonly id: number;
  readonly queue: string;
  readonly settings: WireSettingsPatch;
}

export interface DescribeQueueRequest {
  readonly verb: "describeQueue";
  readonly id: number;
  readonly queue: string;
}

/** What a queue holds, by what its messages do. */
export interface WireQueueCounts {
  /** Waiting to be received; also those that wait behind another one of their group. */
  readonly ready: number;
  readonly delayed: number;
  readonly inFlight: number;
  readonly parked: number;
  readonly bodyBytes: number;
}

/** Ages in milliseconds; undefined where there is no such message. */
export interface WireQueueAges {
  readonly oldestReadyMs: number | undefined;
  readonly oldestInFlightMs: number | undefined;
  readonly oldestParkedMs: number | undefined;
}

export interface WireQueueDescription
  extends Omit<WireQueueSettings, "durability">,
    WireQueueCounts,
    WireQueueAges {
  /** What answers about the queue rest on. */
  readonly durability: WireDurability;
  readonly paused: boolean;
}

export interface QueueAnswer extends WireQueueDescription {
  readonly verb: "queue";
  readonly id: number;
}

export function writeCreateQueue(to: FrameWriter, request: Omit<CreateQueueRequest, "verb">): void {
  writeSettings(to.begin(requestVerbs.createQueue, request.id).text(request.queue), request.settings);
  to.end();
}

export const readCreateQueue = (from: PayloadReader, id: number): CreateQueueRequest => ({
  verb: "createQueue",
  id,
  queue: from.text("the queue", textBytesMax),
  settings: readSettings(from, "refuse"),
});

export function writeConfigureQueue(to: FrameWriter, request: Omit<ConfigureQueueRequest, "verb">): void {
  writeSettings(to.begin(requestVerbs.configureQueue, request.id).text(request.queue), request.settings);
  to.end();
}

export const readConfigureQueue = (from: PayloadReader, id: number): ConfigureQueueRequest => ({
  verb: "configureQueue",
  id,
  queue: from.text("the queue", textBytesMax),
  settings: readSettings(from, "refuse"),
});

export const writeDescribeQueue = (
  to: FrameWriter,
  { id, queue }: Omit<DescribeQueueRequest, "verb">,
): void => to.begin(requestVerbs.describeQueue, id).text(queue).end();

export const readDescribeQueue = (from: PayloadReader, id: number): DescribeQueueRequest => ({
  verb: "describeQueue",
  id,
  queue: from.text("the queue", textBytesMax),
});

export function writeQueue(to: FrameWriter, answer: WireQueueDescription & { readonly id: number }): void {
  const { id, durability, paused, deadLetter, ...rest } = answer;
  to.begin(requestVerbs.describeQueue | answerBit, id)
    .u8(durabilities.indexOf(durability))
    .flag(paused);
  to.u64(rest.ready).u64(rest.delayed).u64(rest.inFlight).u64(rest.parked).u64(rest.bodyBytes);
  to.optional64(rest.oldestReadyMs).optional64(rest.oldestInFlightMs).optional64(rest.oldestParkedMs);
  writeSettings(to, { ...rest, deadLetter: deadLetter ?? null });
  to.end();
}

export function readQueue(from: PayloadReader, id: number): QueueAnswer {
  const durability = from.choice("a durability", durabilities);
  const paused = from.flag();
  const counts: WireQueueCounts = {
    ready: from.u64(),
    delayed: from.u64(),
    inFlight: from.u64(),
    parked: from.u64(),
    bodyBytes: from.u64(),
  };
  const ages: WireQueueAges = {
    oldestReadyMs: from.optional64(),
    oldestInFlightMs: from.optional64(),
    oldestParkedMs: from.optional64(),
  };
  return { verb: "queue", id, ...readAllSettings(from), durability, paused, ...counts, ...ages };
}
