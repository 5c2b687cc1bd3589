/**
 * Kills while a checkpoint is written and right after one, when the journal has let go of what lies before it: queues with all that they
 * can do come back from the checkpoint, and not from the records of before.
 */
import { deepEqual, equal } from "node:assert/strict";
import { watch } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { dataDirectory } from "../src/data-directory.ts";
import { Incarnations } from "../src/incarnations.ts";
import { Load } from "../src/load.ts";
import { ack, createQueues, drainQueue, receive } from "./proof/queue-clients.ts";
import { QueueLedger } from "./proof/queue-ledger.ts";
import { queueProofs } from "./proof/queue-proofs.ts";

const queue = "work";
/** Long bodies, because a checkpoint is due after 64 MiB. */
const padding = "x".repeat(1024 * 1024 - 100);
const batchCount = 3;

test("a process is killed while it writes a checkpoint, and after it has: nothing is lost", async (t) => {
  await using data = await dataDirectory();
  await using sluice = new Incarnations(data.path, { environment: { LOG_LEVEL: "debug" } });
  const load = new Load();
  const ledger = new QueueLedger(queue);
  let count = 0;
  for (let i = 0; i < 2; i++) {
    load.add("big client", async ({ http }, done) => {
      for (;;) {
        const bodies = Array.from({ length: batchCount }, () => `big-${++count} ${padding}`);
        for (const body of bodies) ledger.sending(body);
        const messages = bodies.map((body) => ({ body }));
        equal((await http.post("/enqueue", { queue, messages })).status, 201);
        for (const body of bodies) ledger.sent(body);
        // Some stay, for the checkpoint to hold.
        for (const message of await receive(http, queue, ledger, batchCount)) {
          if (message.messageId.charCodeAt(35) % 8 !== 0) await ack(http, queue, ledger, message);
        }
        done();
      }
    });
  }

  const features = queueProofs();
  for (const feature of features) feature.addClients(load);

  const journal = join(data.path, "journal");
  const moments = [() => begun(journal), () => sluice.logged("took a checkpoint")];
  for (const [number, moment] of moments.entries()) {
    const at = await sluice.start();
    if (number === 0) {
      await createQueues(at.http, [queue]);
      for (const feature of features) await feature.prepare(at.http);
    }
    const come = moment();
    load.begin(at);
    await Promise.race([come, load.ended()]);
    await sluice.kill();
    await load.ended();
  }

  const last = await sluice.start();
  await drainQueue(last.http, queue, ledger);
  ledger.settle();
  t.diagnostic((await Promise.all(features.map((feature) => feature.settle(last)))).join("; "));
  deepEqual(await sluice.terminate(), { code: 0, signal: null });
});

/** Resolves when the file of a checkpoint appears. */
function begun(journal: string): Promise<void> {
  return new Promise((resolve) => {
    const watcher = watch(journal, (_event, name) => {
      if (name?.includes(".checkpoint") !== true) return;
      watcher.close();
      resolve();
    });
  });
}
