/** A Sluice process from its settings to its end: starts everything, stops it in order on SIGTERM or SIGINT, reads the certificate again on SIGHUP. */
import { existsSync, readFileSync } from "node:fs";
import { parseEnv } from "node:util";
import { createLog, Fault, systemClock } from "@sluice/runtime";
import { Sluice } from "./compose.ts";
import { type Settings, settingsFrom } from "./settings.ts";

/** What stopping may take before the process ends all the same: orchestrators kill after 30 s. */
const stopLimitMs = 25_000;

/** Ends with a sentence instead of a stack trace: what is wrong is for the person who started it to mend. */
function giveUp(fault: Fault): never {
  process.stderr.write(`Sluice cannot start (${fault.code}):\n${fault.message}\n`);
  process.exit(1);
}

function readEnvironment(): NodeJS.Dict<string> {
  const fromFile = existsSync(".env") ? parseEnv(readFileSync(".env", "utf8")) : {};
  return { ...fromFile, ...process.env };
}

async function main(): Promise<void> {
  const settings: Settings = settingsFrom(readEnvironment());
  const log = createLog(settings.LOG_LEVEL);
  const sluice = await Sluice.start(settings, log);
  log.info({ ...sluice.addresses, pid: process.pid }, "ready");

  let stopping = false;
  const stop = (signal: NodeJS.Signals): void => {
    if (stopping) {
      log.warn({ signal }, "asked again to stop: ending at once");
      process.exit(1);
    }
    stopping = true;
    log.info({ signal }, "stopping");
    systemClock
      .after(stopLimitMs, () => {
        log.error({ stopLimitMs }, "stopping took too long: ending with work left");
        process.exit(1);
      })
      .unref();
    sluice.stop().then(
      () => {
        log.info("stopped");
        process.exit(0);
      },
      (error: unknown) => {
        log.fatal({ err: error }, "stopping failed");
        process.exit(1);
      },
    );
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
  // Without TLS a hangup means what it means to every process: its terminal is gone.
  if (settings.TLS_CERT_FILE !== "") {
    process.on("SIGHUP", () => {
      sluice.reloadTls().then(
        () => log.info("certificate read again"),
        (error: unknown) => log.error({ err: error }, "the certificate stays as it was"),
      );
    });
  }
}

/** Runs until a signal ends the process. What is wrong with the settings or the machine is told in a sentence, with exit code 1. */
export async function run(): Promise<void> {
  try {
    await main();
  } catch (error) {
    if (error instanceof Fault) giveUp(error);
    throw error;
  }
}
