/** Every server and every load by name. Each is imported only by the process that runs it, so that none pays for another's code. */
import type { BareLogOptions } from "../loads/bare-log-rounds.ts";
import type { BrokerQueueOptions } from "../loads/broker-queue.ts";
import type { BrokerTopicOptions } from "../loads/broker-topic.ts";
import type { HttpRequestsOptions } from "../loads/http-requests.ts";
import type { JournalAppendOptions } from "../loads/journal-append.ts";
import type { JournalReplayOptions } from "../loads/journal-replay.ts";
import type { OpenLoopOptions } from "../loads/open-loop.ts";
import type { ProcessStartOptions } from "../loads/process-start.ts";
import type { QueueMemoryOptions } from "../loads/queue-memory.ts";
import type { QueueRulesOptions } from "../loads/queue-rules.ts";
import type { TcpFramesOptions } from "../loads/tcp-frames.ts";
import type { WireLiveOptions } from "../loads/wire-live.ts";
import type { WireQueueOptions } from "../loads/wire-queue.ts";
import type { WireTopicOptions } from "../loads/wire-topic.ts";
import type { KafkaTopicOptions } from "../peers/kafka-topic.ts";
import type { NatsBroadcastOptions } from "../peers/nats-broadcast.ts";
import type { RedisMemoryOptions } from "../peers/redis-memory.ts";
import type { RedisQueueOptions } from "../peers/redis-queue.ts";
import type { BareWireOptions } from "../servers/bare-wire.ts";
import type { WholeSluiceOptions } from "../servers/whole-sluice.ts";
import type { Load, Server } from "./runner.ts";

/** For what needs no options. */
type None = Readonly<Record<string, never>>;

export const servers = {
  sluice: async (options: WholeSluiceOptions) =>
    (await import("../servers/whole-sluice.ts")).openWholeSluice(options),
  "raw-relay": async (_: None) => (await import("../servers/raw-relay.ts")).openRawRelay(),
  "bare-wire": async (options: BareWireOptions) =>
    (await import("../servers/bare-wire.ts")).openBareWire(options),
  "bare-fastify": async (_: None) => (await import("../servers/bare-fastify.ts")).openBareFastify(),
} satisfies Record<string, (options: never) => Promise<Server>>;

export const loads = {
  "queue-rules": async (options: QueueRulesOptions) =>
    (await import("../loads/queue-rules.ts")).openQueueRules(options),
  "queue-memory": async (options: QueueMemoryOptions) =>
    (await import("../loads/queue-memory.ts")).openQueueMemory(options),
  "broker-queue": async (options: BrokerQueueOptions) =>
    (await import("../loads/broker-queue.ts")).openBrokerQueue(options),
  "broker-topic": async (options: BrokerTopicOptions) =>
    (await import("../loads/broker-topic.ts")).openBrokerTopic(options),
  "bare-log": async (options: BareLogOptions) =>
    (await import("../loads/bare-log-rounds.ts")).openBareLog(options),
  "raw-sync": async (_: None) => (await import("../loads/raw-sync.ts")).openRawSync(),
  "journal-append": async (options: JournalAppendOptions) =>
    (await import("../loads/journal-append.ts")).openJournalAppend(options),
  "journal-replay": async (options: JournalReplayOptions) =>
    (await import("../loads/journal-replay.ts")).openJournalReplay(options),
  "open-loop": async (options: OpenLoopOptions) =>
    (await import("../loads/open-loop.ts")).openOpenLoop(options),
  "tcp-frames": async (options: TcpFramesOptions) =>
    (await import("../loads/tcp-frames.ts")).openTcpFrames(options),
  "wire-topic": async (options: WireTopicOptions) =>
    (await import("../loads/wire-topic.ts")).openWireTopic(options),
  "wire-queue": async (options: WireQueueOptions) =>
    (await import("../loads/wire-queue.ts")).openWireQueue(options),
  "wire-live": async (options: WireLiveOptions) =>
    (await import("../loads/wire-live.ts")).openWireLive(options),
  "kafka-topic": async (options: KafkaTopicOptions) =>
    (await import("../peers/kafka-topic.ts")).openKafkaTopic(options),
  "nats-broadcast": async (options: NatsBroadcastOptions) =>
    (await import("../peers/nats-broadcast.ts")).openNatsBroadcast(options),
  "redis-queue": async (options: RedisQueueOptions) =>
    (await import("../peers/redis-queue.ts")).openRedisQueue(options),
  "redis-memory": async (options: RedisMemoryOptions) =>
    (await import("../peers/redis-memory.ts")).openRedisMemory(options),
  "http-requests": async (options: HttpRequestsOptions) =>
    (await import("../loads/http-requests.ts")).openHttpRequests(options),
  "process-start": async (options: ProcessStartOptions) =>
    (await import("../loads/process-start.ts")).openProcessStart(options),
} satisfies Record<string, (options: never) => Promise<Load>>;

export type ServerName = keyof typeof servers;
export type LoadName = keyof typeof loads;
export type ServerOptions<Name extends ServerName> = Parameters<(typeof servers)[Name]>[0];
export type LoadOptions<Name extends LoadName> = Parameters<(typeof loads)[Name]>[0];
