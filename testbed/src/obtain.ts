/** `npm run parts`: obtains what can be fetched, and says of the rest what is missing and how to get it. Exit code 1 when anything is missing. */
import { Fault } from "@sluice/runtime";
import { kafkaVersion, obtainKafka } from "./kafka-libraries.ts";
import { programOrMissing } from "./on-path.ts";

const say = (text: string): void => void process.stdout.write(`${text}\n`);

const steps: readonly (() => Promise<string>)[] = [
  async () => `Kafka ${kafkaVersion} ${(await obtainKafka()) ? "was obtained" : "is there"}`,
  async () => `java: ${await programOrMissing("java", "default-jre-headless")}`,
  async () => `redis-server: ${await programOrMissing("redis-server", "redis-server")}`,
  async () => `nats-server: ${await programOrMissing("nats-server", "nats-server")}`,
];

for (const step of steps) {
  try {
    say(await step());
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    say(error.message);
    process.exitCode = 1;
  }
}
