/** Somebody's own servers are used and left alone; a part that is missing is said to be, and is a failure where everything has to be there. */
import { deepEqual, equal, match, rejects } from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { PartMissing, startKafka, startNats, startRedis, unlessMissing } from "@sluice/testbed";
import { onFreePorts } from "../src/free-ports.ts";
import { kafkaFiles, kafkaVersion } from "../src/kafka-libraries.ts";
import { programOrMissing } from "../src/on-path.ts";
import { PartProcess } from "../src/part-process.ts";

/** Runs `work` with a variable of the environment as given; undefined takes it away. */
async function withEnvironment(
  name: string,
  value: string | undefined,
  work: () => Promise<void>,
): Promise<void> {
  const before = process.env[name];
  const set = (to: string | undefined): void => {
    if (to === undefined) delete process.env[name];
    else process.env[name] = to;
  };
  set(value);
  await work().finally(() => set(before));
}

test("servers that the environment names are not started, and stay", async () => {
  await withEnvironment("REDIS_URL", "redis://10.0.0.1:6379", async () => {
    await using redis = await startRedis();
    deepEqual(
      [redis.url, redis.pid, redis.description],
      ["redis://10.0.0.1:6379", undefined, "the server at REDIS_URL"],
    );
  });
  await withEnvironment("NATS_URL", "nats://10.0.0.1:4222", async () => {
    await using nats = await startNats();
    deepEqual([nats.url, nats.pid], ["nats://10.0.0.1:4222", undefined]);
  });
  await withEnvironment("KAFKA_BROKERS", "10.0.0.1:9092,10.0.0.2:9092", async () => {
    await using kafka = await startKafka();
    deepEqual([kafka.brokers, kafka.pid], [["10.0.0.1:9092", "10.0.0.2:9092"], undefined]);
  });
});

test("what is missing is named, with how to get it", async () => {
  await rejects(programOrMissing("no-such-server", "some-package"), {
    code: "part-missing",
    message: "no-such-server is not on the PATH. On Debian: apt-get install some-package.",
  });
});

const missing = async (): Promise<never> => {
  throw new PartMissing("it is not here");
};

test("a missing part skips a test, and says why", async () => {
  await withEnvironment("CI", undefined, async () => {
    const why: string[] = [];
    equal(await unlessMissing(missing, (sentence) => why.push(sentence)), undefined);
    deepEqual(why, ["it is not here"]);
  });
});

test("in CI a missing part is a failure", async () => {
  await withEnvironment("CI", "true", async () => {
    await rejects(
      unlessMissing(missing, () => {}),
      { code: "part-missing" },
    );
  });
});

test("a part that does not start for another reason is a failure everywhere", async () => {
  const broken = async (): Promise<never> => {
    throw new Error("broken");
  };
  await rejects(
    unlessMissing(broken, () => {}),
    { message: "broken" },
  );
});

/** A program of Node in place of a server. */
async function startProgram(code: string, patienceMs: number): Promise<PartProcess> {
  const folder = await mkdtemp(join(tmpdir(), "sluice-testbed-"));
  try {
    const file = join(folder, "server.mjs");
    await writeFile(file, code);
    const program = process.execPath;
    return await PartProcess.start({
      program,
      parameters: [file],
      cwd: folder,
      ready: /^ready$/,
      patienceMs,
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

test("a server that ends before it is ready is told with what it said", async () => {
  const ended = startProgram("console.error('no such setting'); process.exitCode = 1;", 60_000);
  await rejects(ended, { code: "part-ended", message: /no such setting/ });
});

test("a server that is never ready is given up and killed", async () => {
  const code = "console.log('still waiting'); process.stdin.resume(); setInterval(() => {}, 1000);";
  await rejects(startProgram(code, 1), { code: "part-not-ready", message: /not ready after 1 ms/ });
});

test("a port that somebody takes meanwhile is no failure", async () => {
  const given = new Set<number>();
  const port = await onFreePorts(1, async ([port = 0]) => {
    given.add(port);
    if (given.size < 3) throw new Error("bind: Address already in use");
    return port;
  });
  equal(given.has(port), true);
  equal(given.size, 3);
  await rejects(
    onFreePorts(1, async () => {
      throw new Error("bind: Address already in use");
    }),
    { message: /already in use/ },
  );
});

test("the version that is told is the version that is obtained", async () => {
  const pom = await readFile(join(kafkaFiles, "pom.xml"), "utf8");
  match(pom, new RegExp(`<artifactId>kafka_2.13</artifactId>\\s*<version>${kafkaVersion}</version>`));
});
