/** A broker in this process on a journal in files, as the composition opens it, but for the memory budget. */
import { Broker, type BrokerOptions } from "@sluice/broker";
import { FileJournal, NodeDisk } from "@sluice/broker/journal";
import { systemRandom } from "@sluice/runtime";
import { makeScratch } from "./scratch.ts";

/** Far above what a round can fill: a refusal would end the measurement. */
const memoryBudgetBytes = 16 * 1024 ** 3;

export interface OpenBroker extends AsyncDisposable {
  readonly broker: Broker;
}

export async function openBroker(): Promise<OpenBroker> {
  await using opened = new AsyncDisposableStack();
  const { path } = opened.use(await makeScratch());
  const broker = opened.use(await openBrokerAt(path));
  const ending = opened.move();
  return { broker, [Symbol.asyncDispose]: () => ending.disposeAsync() };
}

/** A broker on the journal in a folder that stays. */
export async function openBrokerAt(
  path: string,
  options: Pick<BrokerOptions, "checkpoints"> = {},
): Promise<Broker> {
  const journal = await FileJournal.open({ disk: await NodeDisk.open(path), random: systemRandom });
  return Broker.open({ ...options, journal, limits: { memoryBudgetBytes } });
}
