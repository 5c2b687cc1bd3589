/** What may be asked at once: bounds on batches and bodies, checked before any rule is. */
import type { Attributes } from "../queue/message.ts";
import { type Refused, refuse } from "../queue/refusals.ts";
import {
  attributeCountMax,
  attributesBytesMax,
  batchBytesMax,
  batchCountMax,
  countPerRequestMax,
  messageOverheadBytes,
} from "./limits.ts";

interface Incoming {
  readonly body: Uint8Array;
  readonly key?: Uint8Array | undefined;
}

/** Where a batch is to go. */
export interface Memory {
  readonly heldBytes: number;
  readonly budgetBytes: number;
  /** Whether the bodies have nowhere else to go. */
  readonly holdsBodies: boolean;
}

/** Undefined when the batch can be taken now: not too large, and the memory has room for it and for `overheadBytes` beside its bodies. */
export function refuseBatch(
  incoming: readonly Incoming[],
  memory: Memory,
  overheadBytes = incoming.length * messageOverheadBytes,
): Refused<"limit-exceeded" | "memory-full"> | undefined {
  if (incoming.length > batchCountMax) {
    return refuse(
      "limit-exceeded",
      `The batch has ${incoming.length} entries; ${batchCountMax} are the most.`,
    );
  }
  let bytes = 0;
  for (const { body, key } of incoming) bytes += body.byteLength + (key?.byteLength ?? 0);
  // A single body has a bound of its own, so that its refusal can name it.
  if (bytes > batchBytesMax && incoming.length > 1) {
    return refuse("limit-exceeded", `The batch has ${bytes} bytes; ${batchBytesMax} are the most.`);
  }
  const needed = (memory.holdsBodies ? bytes : 0) + overheadBytes;
  if (memory.heldBytes + needed > memory.budgetBytes) {
    return refuse(
      "memory-full",
      `Messages and records take ${memory.heldBytes} of ${memory.budgetBytes} bytes; ${needed} more do not fit until some are acked.`,
    );
  }
  return undefined;
}

/** Bytes of an attribute beside its name, its type and its value. */
const attributeFrameBytes = 8;

/** Undefined when the attributes of each record can be taken: a batch of records holds no more. */
export function refuseAttributes(
  records: readonly { readonly attributes: Attributes }[],
): Refused<"limit-exceeded"> | undefined {
  for (const { attributes } of records) {
    if (attributes.size === 0) continue;
    if (attributes.size > attributeCountMax) {
      return refuse(
        "limit-exceeded",
        `A record has ${attributes.size} attributes; ${attributeCountMax} are the most.`,
      );
    }
    let bytes = 1;
    for (const [name, { type, value }] of attributes) {
      bytes += attributeFrameBytes + Buffer.byteLength(name) + Buffer.byteLength(type);
      bytes += typeof value === "string" ? Buffer.byteLength(value) : value.byteLength;
    }
    if (bytes <= attributesBytesMax) continue;
    return refuse(
      "limit-exceeded",
      `The attributes of a record have ${bytes} bytes; ${attributesBytesMax} are the most.`,
    );
  }
  return undefined;
}

/** How many may be asked for at once. */
export function refuseCount(name: string, count: number): Refused<"limit-exceeded"> | undefined {
  if (Number.isInteger(count) && count >= 1 && count <= countPerRequestMax) return undefined;
  return refuse(
    "limit-exceeded",
    `${name} is ${count}; it may be a whole number from 1 to ${countPerRequestMax}.`,
  );
}
