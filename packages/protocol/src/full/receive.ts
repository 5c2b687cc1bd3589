/** Takes messages out of a queue: at once, after a wait, or pushed as far as there is credit. */
/*  receive     => queue:text max:u16 bytes-max:u32 wait-ms:u32 visibility-timeout-ms:u32?     ? all ones: the queue's own
    received    => count:u16 { delivery }
    subscribe   => queue:text credit:u32 visibility-timeout-ms:u32?
    subscribed  => (nothing)           before the first deliver; the id of the request names the subscription from then on
    credit      => add:u32             the id is the subscription's; never answered
    deliver     => count:u16 { delivery }                        pushed with the id of the subscription
    docs/protocol.md, "Queues" and "Credit"                                                                               */
import {
  deliveryBytesMin,
  type OutgoingDelivery,
  readDelivery,
  type WireDelivery,
  writeDelivery,
} from "./delivery.ts";
import { answerCountMax, textBytesMax } from "./limits.ts";
import type { PayloadReader } from "./reader.ts";
import { answerBit, pushVerbs, requestVerbs } from "./verbs.ts";
import type { FrameWriter } from "./writer.ts";

export interface ReceiveRequest {
  readonly verb: "receive";
  readonly id: number;
  readonly queue: string;
  /** 1 to 1000. */
  readonly max: number;
  /** Bytes of bodies; a single message is always handed out. */
  readonly bytesMax: number;
  /** How long to wait for a first message. 0: do not wait. */
  readonly waitMs: number;
  readonly visibilityTimeoutMs: number | undefined;
}

export interface ReceivedAnswer {
  readonly verb: "received";
  readonly id: number;
  readonly deliveries: readonly WireDelivery[];
}

export interface SubscribeRequest {
  readonly verb: "subscribe";
  /** Also the name of the subscription. */
  readonly id: number;
  readonly queue: string;
  /** How many messages may be pushed before more credit is given. */
  readonly credit: number;
  readonly visibilityTimeoutMs: number | undefined;
}

export interface SubscribedAnswer {
  readonly verb: "subscribed";
  readonly id: number;
}

/** Allows as many more messages or records to be pushed. */
export interface Credit {
  readonly verb: "credit";
  /** Of the subscription. One that is over already is no mistake. */
  readonly id: number;
  readonly add: number;
}

export interface Deliver {
  readonly verb: "deliver";
  /** Of the subscription. */
  readonly id: number;
  readonly deliveries: readonly WireDelivery[];
}

export function writeReceive(to: FrameWriter, request: Omit<ReceiveRequest, "verb">): void {
  to.begin(requestVerbs.receive, request.id).text(request.queue).u16(request.max).u32(request.bytesMax);
  to.u32(request.waitMs).optional32(request.visibilityTimeoutMs).end();
}

export function readReceive(from: PayloadReader, id: number): ReceiveRequest {
  return {
    verb: "receive",
    id,
    queue: from.text("the queue", textBytesMax),
    max: from.u16(),
    bytesMax: from.u32(),
    waitMs: from.u32(),
    visibilityTimeoutMs: from.optional32(),
  };
}

export function writeReceived(to: FrameWriter, id: number, deliveries: readonly OutgoingDelivery[]): void {
  writeDeliveries(to, requestVerbs.receive | answerBit, id, deliveries);
}

export const readReceived = (from: PayloadReader, id: number): ReceivedAnswer => ({
  verb: "received",
  id,
  deliveries: readDeliveries(from),
});

export function writeSubscribe(to: FrameWriter, request: Omit<SubscribeRequest, "verb">): void {
  to.begin(requestVerbs.subscribe, request.id).text(request.queue);
  to.u32(request.credit).optional32(request.visibilityTimeoutMs).end();
}

export function readSubscribe(from: PayloadReader, id: number): SubscribeRequest {
  const queue = from.text("the queue", textBytesMax);
  return { verb: "subscribe", id, queue, credit: from.u32(), visibilityTimeoutMs: from.optional32() };
}

export const writeSubscribed = (to: FrameWriter, id: number): void =>
  to.begin(requestVerbs.subscribe | answerBit, id).end();

export const writeCredit = (to: FrameWriter, { id, add }: Omit<Credit, "verb">): void =>
  to.begin(requestVerbs.credit, id).u32(add).end();

export const readCredit = (from: PayloadReader, id: number): Credit => ({
  verb: "credit",
  id,
  add: from.u32(),
});

export function writeDeliver(to: FrameWriter, id: number, deliveries: readonly OutgoingDelivery[]): void {
  writeDeliveries(to, pushVerbs.deliver, id, deliveries);
}

export const readDeliver = (from: PayloadReader, id: number): Deliver => ({
  verb: "deliver",
  id,
  deliveries: readDeliveries(from),
});

function writeDeliveries(
  to: FrameWriter,
  verb: number,
  id: number,
  deliveries: readonly OutgoingDelivery[],
): void {
  to.begin(verb, id).u16(deliveries.length);
  for (const delivery of deliveries) writeDelivery(to, delivery);
  to.end();
}

function readDeliveries(from: PayloadReader): readonly WireDelivery[] {
  const count = from.count("deliveries", from.u16(), answerCountMax, deliveryBytesMin);
  const deliveries: WireDelivery[] = [];
  for (let i = 0; i < count && !from.failed; i++) deliveries.push(readDelivery(from));
  return deliveries;
}
