/** One Kafka broker for a scope, or those that KAFKA_BROKERS names. */
import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { loopback, onFreePorts } from "./free-ports.ts";
import { kafkaFiles, kafkaLibraries, kafkaVersion } from "./kafka-libraries.ts";
import { programOrMissing } from "./on-path.ts";
import { type Part, somebodysOwn } from "./part.ts";
import { PartProcess } from "./part-process.ts";
import { makeScratch } from "./scratch.ts";

export interface KafkaPart extends Part {
  /** `host:port`, at least one. */
  readonly brokers: readonly string[];
}

export interface KafkaOptions {
  /** Most memory of its heap, in MiB. Default 256: enough for tests; for figures give it what it would have in earnest. */
  readonly heapMebibytes?: number;
  /** Lines of `server.properties` that differ from ours. */
  readonly settings?: Readonly<Record<string, string>>;
}

const patienceMs = 60_000;
const heapMebibytesUsual = 256;
/** Sixteen bytes that say who made the cluster; each has its own data, so that one id does for all. */
const clusterId = Buffer.from("sluice-testbed-0").toString("base64url");

/**
 * Starts one broker that is its own controller; topics are made by whoever needs them. With KAFKA_BROKERS it is those.
 * @throws PartMissing when there is neither Kafka nor Java.
 */
export async function startKafka(options: KafkaOptions = {}): Promise<KafkaPart> {
  const { KAFKA_BROKERS: given = "" } = process.env;
  if (given !== "") return { ...somebodysOwn("KAFKA_BROKERS"), brokers: given.split(",") };
  const java = await programOrMissing("java", "default-jre-headless");
  const libraries = join(await kafkaLibraries(), "*");
  const { heapMebibytes = heapMebibytesUsual, settings = {} } = options;
  await using opened = new AsyncDisposableStack();
  const { path } = opened.use(await makeScratch());
  const properties = join(path, "server.properties");
  const { server, port } = await onFreePorts(2, async ([port = 0, controllerPort = 0]) => {
    const lines = Object.entries({ ...usual(port, controllerPort, join(path, "data")), ...settings });
    await writeFile(properties, lines.map(([name, value]) => `${name}=${value}\n`).join(""));
    const format = ["format", "--ignore-formatted", "-t", clusterId, "-c", properties];
    const quick = ["-Xmx64m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"];
    await promisify(execFile)(java, [...quick, "-cp", libraries, "kafka.tools.StorageTool", ...format]);
    const server = await PartProcess.start({
      program: java,
      parameters: [
        ...["-Xms128m", `-Xmx${heapMebibytes}m`, "-cp", libraries],
        `-Dlog4j2.configurationFile=${join(kafkaFiles, "log4j2.properties")}`,
        ...["kafka.Kafka", properties],
      ],
      ...{ cwd: path, ready: /Kafka Server started/, patienceMs },
    });
    return { server, port };
  });
  opened.use(server);
  const ending = opened.move();
  return {
    description: `Kafka ${kafkaVersion}`,
    pid: server.pid,
    brokers: [`${loopback}:${port}`],
    [Symbol.asyncDispose]: () => ending.disposeAsync(),
  };
}

/** One node for all roles, few partitions for what Kafka keeps itself, and no waiting for members that do not come. */
const usual = (port: number, controllerPort: number, data: string): Readonly<Record<string, string>> => ({
  "process.roles": "broker,controller",
  "node.id": "1",
  "controller.quorum.voters": `1@${loopback}:${controllerPort}`,
  listeners: `PLAINTEXT://${loopback}:${port},CONTROLLER://${loopback}:${controllerPort}`,
  "advertised.listeners": `PLAINTEXT://${loopback}:${port}`,
  "controller.listener.names": "CONTROLLER",
  "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
  "log.dirs": data,
  "auto.create.topics.enable": "false",
  "offsets.topic.replication.factor": "1",
  "offsets.topic.num.partitions": "8",
  "transaction.state.log.replication.factor": "1",
  "transaction.state.log.min.isr": "1",
  "transaction.state.log.num.partitions": "4",
  "share.coordinator.state.topic.replication.factor": "1",
  "share.coordinator.state.topic.min.isr": "1",
  "group.initial.rebalance.delay.ms": "0",
  "log.cleaner.dedupe.buffer.size": "4194304",
  "broker.session.timeout.ms": "2000",
  "broker.heartbeat.interval.ms": "500",
});
