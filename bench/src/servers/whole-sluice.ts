/** Everything that `npm start` starts, in this process, on ports that the system chooses and data in a temporary folder. */
import { createLog, Fault } from "@sluice/runtime";
import { Sluice, settingsFrom } from "@sluice/sluice";
import { makeScratch } from "../loads/scratch.ts";
import type { Server } from "../process/runner.ts";

export interface WholeSluiceOptions {
  /** Whose port the load is told. */
  readonly port: "http" | "tcp";
  /** Settings that differ from the defaults. */
  readonly settings: Readonly<Record<string, string>>;
}

export async function openWholeSluice({ port, settings }: WholeSluiceOptions): Promise<Server> {
  await using opened = new AsyncDisposableStack();
  const { path } = opened.use(await makeScratch());
  const environment = {
    DATA_DIR: path,
    HTTP_PORT: "0",
    TCP_PORT: "0",
    CHAT_HTTP_PORT: "0",
    MEMORY_BUDGET_BYTES: "8G",
    ...settings,
  };
  const { addresses } = opened.use(
    await Sluice.start(settingsFrom(environment), createLog("error", process.stderr)),
  );
  const number = Number(/:(\d+)$/.exec(addresses[port])?.[1]);
  if (!Number.isInteger(number)) throw new Fault("no-port", `${addresses[port]} names no port.`);
  const ending = opened.move();
  return { port: number, [Symbol.asyncDispose]: () => ending.disposeAsync() };
}
