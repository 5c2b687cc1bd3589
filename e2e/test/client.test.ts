/** The client against real processes that are killed and terminated: nobody goes deaf, and what was acknowledged is there. */
import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { Client, type Status } from "@sluice/client";
import { dataDirectory } from "../src/data-directory.ts";
import { SluiceProcess } from "../src/sluice-process.ts";
import { StableAddress } from "../src/stable-address.ts";

const restarts = 20;

/** Texts that somebody has heard, and a way to wait for one. */
class Heard {
  readonly texts = new Map<string, number>();
  readonly #waiting = new Map<string, () => void>();

  add(text: string): void {
    this.texts.set(text, (this.texts.get(text) ?? 0) + 1);
    this.#waiting.get(text)?.();
  }

  has(text: string): Promise<void> {
    if (this.texts.has(text)) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.set(text, resolve));
  }
}

test(`${restarts} restarts of a real process: no consumer has stopped receiving`, async () => {
  await using data = await dataDirectory();
  await using address = await StableAddress.open();
  const states: Status["state"][] = [];
  const start = async (): Promise<SluiceProcess> => {
    const process = await SluiceProcess.start({ DATA_DIR: data.path });
    address.target = (await process.addresses()).tcpPort;
    return process;
  };
  let process = await start();
  try {
    await using client = await Client.connect({
      addresses: [address.url.replace("http:", "tcp:")],
      reconnect: { initialDelayMs: 10, delayMaxMs: 100 },
    });
    client.on("status", ({ state }) => states.push(state));
    const worked = new Heard();
    const read = new Heard();
    client.queue("jobs").consume((delivery) => worked.add(delivery.text()), { visibilityTimeoutMs: 2_000 });
    await client.topic("log").create();
    const consumer = client.topic("log").consumer({ group: "readers" });
    const reader = (async () => {
      for await (const batch of consumer) {
        for (const { body } of batch.records) read.add(new TextDecoder().decode(body));
        // A batch whose commit is lost with its connection comes again.
        await batch.commit().catch(() => undefined);
      }
    })();
    for (let round = 0; round < restarts; round++) {
      const text = String(round);
      const sending = Promise.all([client.queue("jobs").send(text), client.topic("log").publish(text)]);
      address.target = undefined;
      await process.stop(round % 2 === 0 ? "SIGKILL" : "SIGTERM");
      process = await start();
      await Promise.all([sending, worked.has(text), read.has(text)]);
    }
    deepEqual([worked.texts.size, read.texts.size], [restarts, restarts]);
    const { partitions } = await client.topic("log").describe();
    equal(partitions[0]?.endOffset, restarts);
    equal(states.filter((state) => state === "connected").length >= restarts, true);
    await client.close();
    await reader;
  } finally {
    await process[Symbol.asyncDispose]();
  }
});
