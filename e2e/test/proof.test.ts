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
import { Everybody } from "./proof/everybody.ts";

const kills = Number(process.env.KILLS ?? 25);
const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));

/** What clients of each kind do before a kill at least, and all together at least and at most. */
const doneByEach = 10;
const doneByAll = { min: 300, max: 1_200 };

test(`${kills} kills under load and a SIGTERM: nothing acknowledged is lost, nothing acked comes again`, async (t) => {
  t.diagnostic(`SEED=${seed} KILLS=${kills}`);
  const random = seededRandom(seed);
  await using data = await dataDirectory();
  await using sluice = new Incarnations(data.path);
  const load = new Load();
  await using everybody = await Everybody.join(load);

  for (let number = 0; number <= kills; number++) {
    if (number === 2) await sluice.startInVain();
    const at = await sluice.start();
    if (number === 0) await everybody.prepare(at);
    load.begin(at);
    const total = doneByAll.min + (doneByAll.max - doneByAll.min) * random.unit();
    // Whoever was answered a moment ago is who notices that the answer came too early.
    await load.reached(doneByEach, total, load.names[Math.floor(random.unit() * load.names.length)]);
    if (number < kills) await sluice.kill();
    else deepEqual(await sluice.terminate(), { code: 0, signal: null });
    await load.ended();
  }

  const last = await sluice.start();
  t.diagnostic(await everybody.settle(last, () => sluice.log));
  deepEqual(await sluice.terminate(), { code: 0, signal: null });
});
