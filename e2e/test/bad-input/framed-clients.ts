/** Clients of the framed port that get it wrong, and the error that each of them is told. */
import { equal, match } from "node:assert/strict";
import { FramedSocket, frame } from "../../src/framed-socket.ts";

type Bytes = string | Uint8Array;

/** A hello of SLUICE/1 without names, token and features, as docs/protocol.md shows it. */
const hello = (major: number): Uint8Array =>
  Uint8Array.of(1, 0, 0, 0, 1, major, 0, ...new Uint8Array(6), 0, 0, 0, 0, 0);

/** What is wrong, the bytes, and the code of the error; undefined for those who are told nothing. */
export const badClients: readonly (readonly [what: string, bytes: readonly Bytes[], code: string])[] = [
  ["a role that is none", ["LISTENER\n"], "unknown-role"],
  ["a framed role that is none", [frame("LISTENER")], "unknown-role"],
  ["HTTP", ["GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"], "unknown-role"],
  ["TLS", [Uint8Array.of(0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01)], "unknown-role"],
  ["a parameter of no version", [frame("CONSUMER colour=red")], "unknown-parameter"],
  ["a parameter without a value", [frame("CONSUMER queue")], "malformed-role"],
  ["both at once", [frame("CONSUMER queue=a topic=b")], "malformed-role"],
  ["a role of bytes", [frame(Uint8Array.of(0xff, 0xfe))], "malformed-role"],
  ["a long role", [Uint8Array.of(0, 1, 0, 0)], "malformed-role"],
  ["half a role", [Uint8Array.of(0, 0, 0, 8), "CONS"], "malformed-role"],
  ["a name that is none", [frame("CONSUMER queue=no%20name")], "invalid-name"],
  ["a consumer that talks", [frame("CONSUMER topic=bad"), frame("hello")], "unexpected-bytes"],
  ["a frame over the limit", [frame("PRODUCER queue=bad"), Uint8Array.of(0, 0x10, 0, 1)], "frame-too-large"],
  ["a log of others", [frame("PRODUCER topic=waitroom.records"), frame("junk")], "owned-topic"],
  ["SLUICE/1 without a hello", [frame("SLUICE/1"), frame(Uint8Array.of(2, 0, 0, 0, 1))], "hello-expected"],
  ["SLUICE/1 of another version", [frame("SLUICE/1"), frame(hello(9))], "unsupported-version"],
  ["SLUICE/1 in half a hello", [frame("SLUICE/1"), frame(Uint8Array.of(1, 0, 0, 0, 0, 1))], "malformed"],
  ["SLUICE/1 with an empty frame", [frame("SLUICE/1"), frame("")], "malformed"],
  ["SLUICE/1, more than 4 MiB", [frame("SLUICE/1"), Uint8Array.of(0, 0x40, 0, 1)], "frame-too-large"],
  ["half a frame", [frame("PRODUCER queue=bad"), Uint8Array.of(0, 0, 0, 9), "half"], "incomplete-frame"],
  ["half a length", [frame("PRODUCER queue=bad"), Uint8Array.of(0, 0)], "incomplete-frame"],
];

/** Sends the bytes, says that nothing more will come, and reads the one frame that the server answers before it ends the connection. */
export async function expectError(port: number, bytes: readonly Bytes[], code: string): Promise<void> {
  await using socket = await FramedSocket.open(port);
  for (const each of bytes) socket.write(each);
  socket.end();
  const frames = await socket.rest();
  equal(frames.length, 1, JSON.stringify(frames));
  match(frames[0] ?? "", new RegExp(`^ERROR ${code} .{10,}$`));
}
