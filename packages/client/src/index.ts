/** The client of Sluice: queues, topics and consumer groups over one connection that is kept. */
export type { Backoff } from "./backoff.ts";
export { defaultBackoff } from "./backoff.ts";
export type { Attributes, Body, Message, MessageOptions, OutgoingRecord } from "./body.ts";
export type { Kept } from "./change.ts";
export { Client, type ClientOptions, type GroupDescription } from "./client.ts";
export type { Clock, Instant, Random } from "./clock.ts";
export { Delivery, type NackOptions } from "./delivery.ts";
export { ClientFault, type ClientFaultCode, RefusedError, SluiceError } from "./errors.ts";
export type { Batch, GroupConsumer, GroupConsumerOptions } from "./group-consumer.ts";
export type { LiveOptions, LiveSubscription } from "./live.ts";
export type { Assignment } from "./membership.ts";
export * from "./queue.ts";
export type * from "./queue-administration.ts";
export type { Status } from "./status.ts";
export type { SubscribeOptions, Subscription } from "./subscription.ts";
export * from "./topic.ts";
export type { InHand, Transacted, Transaction } from "./transaction.ts";
export type {
  Address,
  Dial,
  DialOptions,
  Scheme,
  TlsOptions,
  Transport,
  TransportEvents,
} from "./transport.ts";
export type { ConsumeOptions, Handler, Worker } from "./worker.ts";
