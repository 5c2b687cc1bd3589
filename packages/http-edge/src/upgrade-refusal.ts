/** An upgrade that is refused: a problem document over a socket that no HTTP server looks after any more. */
import { STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { type Problem, problemMediaType } from "./problem.ts";

/** Answers and ends the socket. */
export function refuseUpgrade(
  socket: Duplex,
  refused: Problem,
  headers: Readonly<Record<string, string>> = {},
): void {
  const body = JSON.stringify(refused);
  const lines = Object.entries({
    ...headers,
    connection: "close",
    "content-type": problemMediaType,
    "content-length": String(Buffer.byteLength(body)),
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.once("finish", () => socket.destroy());
  socket.end(`HTTP/1.1 ${refused.status} ${STATUS_CODES[refused.status]}\r\n${lines.join("")}\r\n${body}`);
}
