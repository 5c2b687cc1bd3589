/** What belongs to an HTTP port whatever its routes are: how many may connect. */
import { equal, match } from "node:assert/strict";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { test } from "node:test";
import { Access, silentLog, systemClock } from "@sluice/runtime";
import { HttpPort } from "./http-port.ts";

async function answerOver(socket: Socket): Promise<string> {
  socket.write("GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n");
  const [bytes] = await once(socket, "data");
  return String(bytes);
}

test("a connection too many is closed; a place that gets free can be taken", async () => {
  await using port = await HttpPort.open({
    ...{ title: "test", version: "1", host: "127.0.0.1", port: 0, setting: "HTTP_PORT" },
    ...{ parts: [], ownRoutes: [], allowedHosts: [], log: silentLog },
    access: new Access({ tokens: [], clock: systemClock }),
    connectionCountMax: 2,
  });
  const dial = (): Socket => connect(port.address.port, port.address.address);
  const [first, second] = [dial(), dial()];
  for (const socket of [first, second]) match(await answerOver(socket), /^HTTP\/1\.1 404 /);
  const third = dial().on("error", () => {});
  equal((await once(third.resume(), "close")).length, 1);
  match(await answerOver(first), /^HTTP\/1\.1 404 /);
  second.destroy();
  let fourth: Socket;
  let answer: string | undefined;
  do {
    // The server may not have noticed yet that a place is free.
    fourth = dial().on("error", () => {});
    const closed = once(fourth, "close").then(() => undefined);
    answer = await Promise.race([answerOver(fourth).catch(() => undefined), closed]);
  } while (answer === undefined);
  match(answer, /^HTTP\/1\.1 404 /);
  for (const socket of [first, fourth]) socket.destroy();
});
