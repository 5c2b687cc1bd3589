export { startChromium } from "./chromium.ts";
export { unlessMissing } from "./for-test.ts";
export { type KafkaOptions, type KafkaPart, startKafka } from "./kafka.ts";
export { type NatsPart, startNats } from "./nats.ts";
export { type Part, PartMissing } from "./part.ts";
export { type RedisPart, startRedis } from "./redis.ts";
