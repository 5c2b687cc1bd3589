/**
 * A file system that is really full: a tmpfs of a few MiB. What is new is refused, consumers drain to empty, nothing that was acknowledged is
 * lost, and it recovers by itself. Needs Linux and the right to mount; says so where it cannot run.
 */
import { deepEqual, equal, ok } from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { Broker, noAttributes, type SendRequest } from "@sluice/broker";
import { FileJournal, NodeDisk } from "@sluice/broker/journal";
import { seededRandom, systemClock, waitFor } from "@sluice/runtime";
import { granted } from "./world.ts";

const megabyte = 1024 * 1024;

type Mounted = { readonly directory: string } | { readonly skip: string };

function mountSmall(): Mounted {
  if (process.platform !== "linux") return { skip: "a tmpfs is mounted on Linux only" };
  if (process.getuid?.() !== 0) return { skip: "only root may mount a tmpfs" };
  const directory = mkdtempSync(join(tmpdir(), "sluice-full-"));
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=4m", "tmpfs", directory], { stdio: "pipe" });
    return { directory };
  } catch (error) {
    rmSync(directory, { recursive: true });
    return { skip: `no tmpfs can be mounted here: ${error instanceof Error ? error.message.trim() : error}` };
  }
}

const mounted = mountSmall();
const skip = "skip" in mounted ? mounted.skip : false;
const directory = "skip" in mounted ? "" : mounted.directory;

after(() => {
  if (directory === "") return;
  execFileSync("umount", [directory]);
  rmSync(directory, { recursive: true });
});

const open = async (): Promise<Broker> =>
  Broker.open({
    journal: await FileJournal.open({
      disk: await NodeDisk.open(directory),
      random: seededRandom(1),
      segmentBytes: megabyte / 4,
      reserveBytes: megabyte,
    }),
    checkpoints: { fullDelayMs: 20 },
  });

const request = (first: number): SendRequest => ({
  queue: "jobs",
  messages: Array.from({ length: 10 }, (_, i) => ({
    body: Buffer.from(`${first + i} `.padEnd(1000, "x")),
    attributes: noAttributes,
  })),
});

/** The numbers of the messages that wait, acked once they were received. */
async function drain(broker: Broker): Promise<number[]> {
  const seen: number[] = [];
  for (;;) {
    const { deliveries } = granted(await broker.receive({ queue: "jobs", max: 100, waitMs: 0 }));
    if (deliveries.length === 0) return seen;
    for (const { body } of deliveries) seen.push(Number.parseInt(Buffer.from(body).toString(), 10));
    const acked = await Promise.all(deliveries.map(({ receipt }) => broker.ack({ queue: "jobs", receipt })));
    for (const answer of acked) granted(answer);
  }
}

/** Keeps sending, many at a time, until the broker refuses; answers with what it took. */
async function fill(broker: Broker, first: number): Promise<number[]> {
  const taken: number[] = [];
  for (let next = first; ; ) {
    const asked = Array.from({ length: 8 }, (_, i) => next + 10 * i);
    next += 80;
    const answers = await Promise.all(asked.map((start) => broker.send(request(start))));
    for (const [i, answer] of answers.entries()) {
      const start = asked[i] ?? 0;
      if (answer.ok) taken.push(...Array.from({ length: 10 }, (_, k) => start + k));
      else equal(answer.refusal, "disk-full");
    }
    if (answers.some((answer) => !answer.ok)) return taken;
  }
}

test("a full file system refuses what is new, drains, and takes messages again without a restart", {
  skip,
}, async () => {
  const signal = AbortSignal.timeout(60_000);
  let broker = await open();
  for (let round = 0; round < 3; round++) {
    const taken = await fill(broker, 0);
    ok(taken.length > 1000, `${taken.length} messages of 1 kB were taken on 4 MiB`);
    const { bavail, bsize } = statfsSync(directory);
    ok(bavail * bsize < 1.5 * megabyte, `${bavail * bsize} bytes are free`);
    equal(broker.readiness().ready, false);
    deepEqual(
      (await drain(broker)).sort((a, b) => a - b),
      taken,
    );
    while (!broker.readiness().ready) await waitFor(systemClock, 10, signal);
  }

  const taken = await fill(broker, 0);
  await broker[Symbol.asyncDispose]();
  broker = await open();
  deepEqual(
    (await drain(broker)).sort((a, b) => a - b),
    taken,
    "after a restart on the full file system",
  );
  await broker[Symbol.asyncDispose]();
});

test("a message here and there on a full file system does not hold the rest", { skip }, async () => {
  const signal = AbortSignal.timeout(60_000);
  let broker = await open();
  const kept: string[] = [];
  for (let next = 0; broker.readiness().ready; next += 20) {
    const body = `kept ${next}`;
    const messages = [{ body: Buffer.from(body), attributes: noAttributes }];
    if ((await broker.send({ queue: "kept", messages })).ok) kept.push(body);
    await Promise.all([broker.send(request(next)), broker.send(request(next + 10))]);
  }
  ok(kept.length > 50, `${kept.length} are kept, in each of the segments some`);
  await drain(broker);
  while (!broker.readiness().ready) await waitFor(systemClock, 10, signal);
  const again = await fill(broker, 0);
  ok(again.length > 1000, `there is room for ${again.length} messages, about as before`);
  await broker[Symbol.asyncDispose]();
  broker = await open();
  const { deliveries } = granted(await broker.receive({ queue: "kept", max: 1000, waitMs: 0 }));
  deepEqual(
    deliveries.map(({ body }) => Buffer.from(body).toString()),
    kept,
  );
  await broker[Symbol.asyncDispose]();
});

test("in CI as root the file system is really mounted", {
  skip: process.env.CI !== "true" || process.getuid?.() !== 0,
}, () => {
  equal(skip, false);
});
