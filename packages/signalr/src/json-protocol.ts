/**
 * Records of the JSON hub protocol and what they mean (HubProtocol.md, "JSON encoding"). Reading is strict about what a message
 * needs and blind to what it does not; writing leaves out what is absent, because the JavaScript client closes on
 * `"invocationId": null` and on a completion with both a result and an error.
 */
import { encodeRecord } from "./records.ts";

/** What a client says, as far as a hub without streams listens to it. */
export type ClientMessage =
  | {
      readonly kind: "invocation" | "stream-invocation";
      /** Absent: the client wants no answer and must not get one. */
      readonly invocationId: string | undefined;
      readonly target: string;
      readonly args: readonly unknown[];
      /** Whether the client wants to upload streams with it. */
      readonly uploads: boolean;
    }
  | { readonly kind: "ping" }
  | { readonly kind: "close"; readonly error: string | undefined }
  /** Stream items, completions, cancellations and types of the future: nothing here waits for them. */
  | { readonly kind: "ignored" };

export type ReadMessage =
  | { readonly ok: true; readonly message: ClientMessage }
  | { readonly ok: false; readonly error: string };

const messageTypes = { invocation: 1, completion: 3, streamInvocation: 4, ping: 6, close: 7 } as const;

type Fields = Readonly<Record<string, unknown>>;

/** Parses one record. A refusal carries a sentence for the Close record. */
export function readMessage(record: string): ReadMessage {
  let value: unknown;
  try {
    value = JSON.parse(record);
  } catch {
    return refused("The record is not JSON.");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return refused("The record is not a JSON object.");
  }
  const fields = value as Fields;
  switch (fields.type) {
    case messageTypes.invocation:
      return readInvocation("invocation", fields);
    case messageTypes.streamInvocation:
      return readInvocation("stream-invocation", fields);
    case messageTypes.ping:
      return { ok: true, message: { kind: "ping" } };
    case messageTypes.close:
      return { ok: true, message: { kind: "close", error: textOf(fields.error) } };
    default:
      if (typeof fields.type !== "number") return refused("The property 'type' is missing or not a number.");
      return { ok: true, message: { kind: "ignored" } };
  }
}

function readInvocation(kind: "invocation" | "stream-invocation", fields: Fields): ReadMessage {
  const { target, arguments: args, streamIds } = fields;
  const invocationId = fields.invocationId ?? undefined;
  if (typeof target !== "string" || target === "")
    return refused("The property 'target' is missing or not text.");
  if (!Array.isArray(args)) return refused("The property 'arguments' is missing or not a list.");
  if (invocationId !== undefined && typeof invocationId !== "string") {
    return refused("The property 'invocationId' is not text.");
  }
  if (invocationId === undefined && kind === "stream-invocation") {
    return refused("The property 'invocationId' is missing.");
  }
  const uploads = Array.isArray(streamIds) && streamIds.length > 0;
  return { ok: true, message: { kind, invocationId, target, args, uploads } };
}

function refused(error: string): ReadMessage {
  return { ok: false, error };
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/** A call of the client's method `target`, without an answer. */
export function writeInvocation(target: string, args: readonly unknown[]): Uint8Array {
  return encodeRecord({ type: messageTypes.invocation, target, arguments: args });
}

/** How an invocation ended. `result: undefined`: a method without a result. */
export type Outcome = { readonly result: unknown } | { readonly error: string };

/** Throws what `JSON.stringify` throws when the result cannot be written as JSON. */
export function writeCompletion(invocationId: string, outcome: Outcome): Uint8Array {
  return encodeRecord({ type: messageTypes.completion, invocationId, ...outcome });
}

export interface Closing {
  /** Shown to the application by the client. Absent: a close without an error. */
  readonly error?: string;
  /** Whether a client with automatic reconnect may come back at once. */
  readonly allowReconnect?: boolean;
}

export function writeClose({ error, allowReconnect }: Closing): Uint8Array {
  return encodeRecord({
    type: messageTypes.close,
    ...(error !== undefined && { error }),
    ...(allowReconnect === true && { allowReconnect }),
  });
}

export const pingRecord: Uint8Array = encodeRecord({ type: messageTypes.ping });
