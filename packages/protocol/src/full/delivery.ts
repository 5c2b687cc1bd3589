/** A message handed out. */
/*  delivery => sequence:u64 lease:u64 message-id:16 receives:u32 enqueued-at:u64 flags:u8 [attributes] body:sized
    flags: 1 attributes follow. Sequence and lease together are the receipt.  docs/protocol.md, "Queues"                 */
import { attributesBytes, noWireAttributes, readAttributes, type WireAttributes } from "./attributes.ts";
import { attributesFlag, readFlags, writeFlags } from "./message.ts";
import { formatMessageId, messageIdBytes } from "./message-id.ts";
import { load32, load64, type PayloadReader } from "./reader.ts";
import type { FrameWriter } from "./writer.ts";

/** Holds for one delivery of one queue, as long as its visibility timeout has not passed. */
export interface WireReceipt {
  readonly sequence: number;
  readonly lease: number;
}

/** What a server hands out. */
export interface OutgoingDelivery extends WireReceipt {
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

  constructor(payload: Uint8Array, at: number, bodyAt: number, bodyEnd: number, attributes: WireAttributes) {
    this.#payload = payload;
    this.#at = at;
    this.#bodyAt = bodyAt;
    this.#bodyEnd = bodyEnd;
    this.attributes = attributes;
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

  /** A view of the payload. */
  get body(): Uint8Array {
    return this.#payload.subarray(this.#bodyAt, this.#bodyEnd);
  }

  get bodyBytes(): number {
    return this.#bodyEnd - this.#bodyAt;
  }
}

/** Bytes that a delivery takes in a frame, at most. */
export const deliveryBytes = ({ body, attributes }: OutgoingDelivery): number =>
  deliveryBytesMin + body.byteLength + attributesBytes(attributes);

export function writeDelivery(to: FrameWriter, delivery: OutgoingDelivery): void {
  to.u64(delivery.sequence).u64(delivery.lease).raw(delivery.messageId);
  to.u32(delivery.receiveCount).u64(delivery.enqueuedAtMs);
  writeFlags(to, undefined, delivery.attributes);
  to.sized(delivery.body);
}

export function readDelivery(from: PayloadReader): WireDelivery {
  const at = from.at;
  from.u64();
  from.u64();
  from.skip(messageIdBytes + 4);
  from.u64();
  const flags = readFlags(from, attributesFlag);
  const attributes = (flags & attributesFlag) === 0 ? noWireAttributes : readAttributes(from);
  const bodyBytes = from.u32();
  const bodyAt = from.skip(bodyBytes);
  return new WireDelivery(from.payload, at, bodyAt, bodyAt + bodyBytes, attributes);
}
