/** Real servers: each starts, answers, is gone at the end of its scope, and leaves nothing behind. */
import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { type TestContext, test } from "node:test";
import { type Part, startKafka, startNats, startRedis, unlessMissing } from "@sluice/testbed";
import { onPath, programOrMissing } from "../src/on-path.ts";

interface Started {
  readonly part: Part;
  readonly host: string;
  readonly port: number;
}

interface Tried {
  readonly name: string;
  readonly setting: string;
  readonly start: () => Promise<Started>;
  /** What is said to it, and what it answers. */
  readonly question: string | Uint8Array;
  readonly isAnswer: (said: string) => boolean;
}

const at = (part: Part, address: string): Started => {
  const { hostname: host, port } = new URL(address);
  return { part, host, port: Number(port) };
};

/** ApiVersions, version 0, correlation 7, no client id: the first thing that a client of Kafka asks. */
const apiVersions = Uint8Array.of(0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, 7, 255, 255);

const parts: readonly Tried[] = [
  {
    name: "Kafka",
    setting: "KAFKA_BROKERS",
    start: async () => {
      const part = await startKafka();
      return at(part, `kafka://${part.brokers[0]}`);
    },
    question: apiVersions,
    isAnswer: (said) => said.slice(4, 10) === "\0\0\0\x07\0\0",
  },
  {
    name: "Redis",
    setting: "REDIS_URL",
    start: async () => {
      const part = await startRedis();
      return at(part, part.url);
    },
    question: "CONFIG GET save\r\n",
    isAnswer: (said) => said === "*2\r\n$4\r\nsave\r\n$0\r\n\r\n",
  },
  {
    name: "NATS",
    setting: "NATS_URL",
    start: async () => {
      const part = await startNats();
      return at(part, part.url);
    },
    question: 'CONNECT {"verbose":false}\r\nPING\r\n',
    isAnswer: (said) => said.startsWith("INFO ") && said.endsWith("\r\nPONG\r\n"),
  },
];

const processExists = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

/** Resolves with whether the answer came before the connection ended. */
async function answers({ host, port }: Started, { question, isAnswer }: Tried): Promise<boolean> {
  const socket = connect({ host, port });
  try {
    await once(socket, "connect");
    socket.write(question);
    let said = "";
    for await (const chunk of socket) {
      said += (chunk as Buffer).toString("latin1");
      if (isAnswer(said)) return true;
    }
    return false;
  } finally {
    socket.destroy();
  }
}

/** Sets a variable of the environment until the test ends; undefined takes it away. */
function setUntilEnd(t: TestContext, name: string, value: string | undefined): void {
  const before = process.env[name];
  const set = (to: string | undefined): void => {
    if (to === undefined) delete process.env[name];
    else process.env[name] = to;
  };
  set(value);
  t.after(() => set(before));
}

for (const tried of parts) {
  test(`${tried.name} starts, answers, stops, and leaves nothing`, async (t) => {
    const folder = await mkdtemp(join(tmpdir(), "sluice-testbed-"));
    t.after(() => rm(folder, { recursive: true }));
    setUntilEnd(t, "TMPDIR", folder);
    // What is tested is our own, whatever the environment of the test names.
    setUntilEnd(t, tried.setting, undefined);
    const running = await unlessMissing(tried.start, (why) => t.skip(why));
    if (running === undefined) return;
    const { pid = 0, description } = running.part;
    {
      await using _ = running.part;
      match(description, /^\S+ \d+\.\d+\.\d+$/);
      ok(processExists(pid));
      equal((await readdir(folder)).filter((name) => name.startsWith("sluice-part-")).length, 1);
      equal(await answers(running, tried), true);
    }
    equal(processExists(pid), false);
    await rejects(answers(running, tried), { code: "ECONNREFUSED" });
    deepEqual(await readdir(folder), []);
  });
}

test("a part ends with the process that started it, even if that is killed", async (t) => {
  if (process.platform !== "linux") return t.skip("only Linux can be asked for that");
  if ((await onPath("setpriv")) === undefined)
    return t.skip("setpriv, which asks for it, is not on the PATH");
  if (
    (await unlessMissing(
      () => programOrMissing("nats-server", "nats-server"),
      (why) => t.skip(why),
    )) === undefined
  )
    return;
  const program = `
    import { startNats } from ${JSON.stringify(import.meta.resolve("@sluice/testbed"))};
    const { url } = await startNats();
    console.log(url);`;
  const folder = await mkdtemp(join(tmpdir(), "sluice-testbed-"));
  t.after(() => rm(folder, { recursive: true }));
  const environment: NodeJS.Dict<string> = { ...process.env, TMPDIR: folder };
  delete environment.NATS_URL;
  const starter = spawn(process.execPath, ["--input-type=module", "-e", program], {
    env: environment,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [url] = (await once(createInterface({ input: starter.stdout }), "line")) as [string];
  const { hostname: host, port } = new URL(url);
  const socket = connect({ host, port: Number(port) });
  await once(socket, "data");
  starter.kill("SIGKILL");
  socket.resume();
  await once(socket, "close");
});
