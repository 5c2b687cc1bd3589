/** A message handed out. */
/*  delivery => sequence:u64 lease:u64 message-id:16 receives:u32 enqueued-at:u64 flags:u8 [attributes] traits body:sized
    flags: 1 attributes follow, and those of the traits. Sequence and lease together are the receipt.  docs/protocol.md, "Queues" */
import {
  attributesBytes,
  noWireAttributes,
  readAttributes,
  type WireAttributes,
  writeAttributes,
} from "./attributes.ts";
import { attributesFlag, readFlags } from "./message.ts";
import { formatMessageId, messageIdBytes } from "./message-id.ts";
import { load32, load64, type PayloadReader } from "./reader.ts";
import {
  readTraits,
  traitFlags,
  traitFlagsOf,
  traitsBytes,
  type WireMovedFrom,
  type WireTraits,
  writeTraits,
} from "./traits.ts";
import type { FrameWriter } from "./writer.ts";

/** Holds for one delivery of one queue, as long as its visibility timeout has not passed. */
export interface WireReceipt {
  readonly sequence: number;
  readonly lease: number;
}

/** What a server hands out. */
export interface OutgoingDelivery extends WireReceipt, WireTraits {
  /** Sixteen bytes. */
  readonly messageId: Uint8Array;
  readonly receiveCount: number;
  readonly enqueuedAtMs: number;
  readonly attributes: WireAttributes;
  readonly body: Uint8Array;
}

/** Where the fields behind the fixed ones begin. */
const fixedBytes = 8 + 8 + messageIdBytes + 4 + 8;
export const deliveryBytesMin = fixedBytes + 1 + 4;

/**
 * A delivery as it lies in its payload, checked when the payload was read; each property is read when it is wanted. It keeps the
 * payload alive: copy a body that is to stay.
 */
export class WireDelivery implements WireReceipt {
  readonly #payload: Uint8Array;
  readonly #at: number;
  readonly #bodyAt: number;
  readonly #bodyEnd: number;
  readonly attributes: WireAttributes;
  readonly #traits: WireTraits;

  constructor(
    payload: Uint8Array,
    at: number,
    bodyAt: number,
    bodyEnd: number,
    attributes: WireAttributes,
    traits: WireTraits,
  ) {
    this.#payload = payload;
    this.#at = at;
    this.#bodyAt = bodyAt;
    this.#bodyEnd = bodyEnd;
    this.attributes = attributes;
    this.#traits = traits;
  }

  get sequence(): number {
    return load64(this.#payload, this.#at);
  }

  get lease(): number {
    return load64(this.#payload, this.#at + 8);
  }

  /** The text of a UUID. */
  get messageId(): string {
    return formatMessageId(this.#payload, this.#at + 16);
  }

  /** 1 at the first delivery. */
  get receiveCount(): number {
    return load32(this.#payload, this.#at + 32);
  }

  /** Milliseconds since the Unix epoch. */
  get enqueuedAtMs(): number {
    return load64(this.#payload, this.#at + 36);
  }

  /** 0 to 9; what is more urgent has the larger number. */
  get priority(): number {
    return this.#traits.priority;
  }

  get groupId(): string | undefined {
    return this.#traits.groupId;
  }

  /** Undefined for a message that was sent to this queue. */
  get movedFrom(): WireMovedFrom | undefined {
    return this.#traits.movedFrom;
  }

  /** A view of the payload. */
  get body(): Uint8Array {
    return this.#payload.subarray(this.#bodyAt, this.#bodyEnd);
  }

  get bodyBytes(): number {
    return this.#bodyEnd - this.#bodyAt;
  }
}

/** Bytes that a delivery takes in a frame, at most. */
export const deliveryBytes = (delivery: OutgoingDelivery): number =>
  deliveryBytesMin +
  delivery.body.byteLength +
  attributesBytes(delivery.attributes) +
  (traitFlagsOf(delivery) === 0 ? 0 : traitsBytes(delivery));

export function writeDelivery(to: FrameWriter, delivery: OutgoingDelivery): void {
  to.u64(delivery.sequence).u64(delivery.lease).raw(delivery.messageId);
  to.u32(delivery.receiveCount).u64(delivery.enqueuedAtMs);
  const { attributes } = delivery;
  const traits = traitFlagsOf(delivery);
  to.u8(traits | (attributes.size > 0 ? attributesFlag : 0));
  if (attributes.size > 0) writeAttributes(to, attributes);
  if (traits !== 0) writeTraits(to, delivery);
  to.sized(delivery.body);
}

export function readDelivery(from: PayloadReader): WireDelivery {
  const at = from.at;
  from.u64();
  from.u64();
  from.skip(messageIdBytes + 4);
  from.u64();
  const flags = readFlags(from, attributesFlag | traitFlags);
  const attributes = (flags & attributesFlag) === 0 ? noWireAttributes : readAttributes(from);
  const traits = readTraits(from, flags);
  const bodyBytes = from.u32();
  const bodyAt = from.skip(bodyBytes);
  return new WireDelivery(from.payload, at, bodyAt, bodyAt + bodyBytes, attributes, traits);
}
