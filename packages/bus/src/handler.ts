/** A handler of one event: what a consumer group does when it arrives. */
import type { EngineRecord } from "./engine.ts";
import { type BusEvent, typeOf, unseal } from "./envelope.ts";
import type { EventType } from "./event.ts";

export interface HandlerContext {
  /** Aborted when the partition goes to another member or the subscription is disposed of. A handler that throws then is not counted as failed. */
  readonly signal: AbortSignal;
}

/** A handler with the type of its data put away, so that handlers of different events stand in one list. */
export interface Handler {
  readonly type: string;
  readonly topic: string;
  /** The handler's work for one record. Throws `invalid-event` before the handler is called when the data does not fit. */
  prepare(record: EngineRecord): (attempt: number, context: HandlerContext) => Promise<void>;
}

/**
 * Says what to do with an event. Throwing (or rejecting) asks for another delivery after a while; order within the partition is
 * kept. Throwing `InvalidEvent`, for what a schema cannot see, makes the event a dead letter at once.
 */
export function on<Data>(
  type: EventType<Data>,
  handle: (event: BusEvent<Data>, context: HandlerContext) => Promise<void> | void,
): Handler {
  return {
    type: type.type,
    topic: type.topic,
    prepare(record) {
      const event = unseal(type, record, 1);
      return async (attempt, context) => handle({ ...event, attempt }, context);
    },
  };
}

/** The handler that a record is for; a record without an envelope is for the first one of its topic. */
export function handlerFor(handlers: readonly Handler[], record: EngineRecord): Handler | undefined {
  const type = typeOf(record);
  return handlers.find(
    (handler) => handler.topic === record.topic && (type === undefined || type === handler.type),
  );
}
