/**
 * The proof: real processes under the load of real clients, killed with `kill -9` again and again, stopped by SIGTERM at last; and what all
 * clients were told is compared with what is there. `KILLS` and `SEED` in the environment change how often and where.
 */
import { deepEqual } from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "@sluice/runtime";
import { dataDirectory } from "../src/data-directory.ts";
import { Incarnations } from "../src/incarnations.ts";
import { Load } from "../src/load.ts";
import { ChatProof } from "./proof/chat.ts";
import { addBroadcastClients, ClassicQueueProof } from "./proof/classic-clients.ts";
import { addOrderedClients, addQueueClients, createQueues, drainQueue } from "./proof/queue-clients.ts";
import { QueueLedger } from "./proof/queue-ledger.ts";
import { TopicProof } from "./proof/topic-clients.ts";
import { WaitroomProof } from "./proof/waitroom.ts";

const kills = Number(process.env.KILLS ?? 5);
const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));

test(`${kills} kills under load and a SIGTERM: nothing acknowledged is lost, nothing acked comes again`, async (t) => {
  t.diagnostic(`SEED=${seed} KILLS=${kills}`);
  const random = seededRandom(seed);
  await using data = await dataDirectory();
  await using sluice = new Incarnations(data.path);
  const load = new Load();
  const queues = { work: new QueueLedger("work"), ordered: new QueueLedger("ordered") };
  addQueueClients(load, "work", queues.work);
  addOrderedClients(load, "ordered", queues.ordered);
  const topic = new TopicProof("readings");
  topic.addClients(load);
  const classic = new ClassicQueueProof();
  classic.addClients(load);
  addBroadcastClients(load);
  const waitroom = new WaitroomProof();
  waitroom.addClients(load);
  await using chat = await ChatProof.open();
  chat.addClients(load);

  for (let number = 0; number <= kills; number++) {
    if (number === 2) await sluice.startInVain();
    const at = await sluice.start();
    if (number === 0) {
      await createQueues(at.http, Object.keys(queues));
      await topic.create(at.http);
      await waitroom.open(at.http);
      await chat.create(at.http);
    }
    load.begin(at);
    await load.reached(10, 300 + 900 * random.unit());
    t.diagnostic(`process ${number}: ${JSON.stringify(load.counts)}`);
    if (number < kills) await sluice.kill();
    else deepEqual(await sluice.terminate(), { code: 0, signal: null });
    await load.ended();
  }

  const last = await sluice.start();
  for (const [name, ledger] of Object.entries(queues)) {
    await drainQueue(last.http, name, ledger);
    ledger.settle();
  }
  await topic.settle(last.http);
  await waitroom.settle(last.http);
  await chat.settle(last);
  t.diagnostic(`classic deliveries that came twice: ${await classic.settle(last)}`);
  deepEqual(await sluice.terminate(), { code: 0, signal: null });
});
