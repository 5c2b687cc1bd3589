/** One structured log a process: JSON lines with the level as a word and the text in `msg`. */
import pino, { type DestinationStream, type Logger } from "pino";

/** `log.info({ field }, "sentence")`. Parts take a child with their name: `log.child({ part: "broker" })`. */
export type Log = Logger;

export const logLevels = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;
export type LogLevel = (typeof logLevels)[number];

/** A log that writes to `destination` (default: standard output). */
export function createLog(level: LogLevel, destination?: DestinationStream): Log {
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  return destination === undefined ? pino(options) : pino(options, destination);
}

/** Says nothing: for tests that are not about the log. */
export const silentLog: Log = pino({ level: "silent" });
