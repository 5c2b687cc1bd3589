/** One connection in virtual time, without a socket: what it says when, and how it ends. */
import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { settle, VirtualClock } from "@sluice/testkit";
import { Connection, type Invocation } from "./connection.ts";
import { writeCompletion } from "./json-protocol.ts";
import { defaultHubLimits, type HubLimits } from "./limits.ts";

const handshake = { protocol: "json", version: 1 };
const ping = { type: 6 };
const call = (invocationId: string, target = "Work") => ({ type: 1, invocationId, target, arguments: [] });

/** A connection whose client is the test. Its methods answer with their name once `finish` is called, or at once when `isQuick`. */
function connect(options: { readonly limits?: Partial<HubLimits>; readonly isQuick?: boolean } = {}) {
  const clock = new VirtualClock();
  const log: string[] = [];
  const running: (() => void)[] = [];
  const backlog = { bytes: 0 };
  const connection = new Connection({
    id: "x",
    userId: undefined,
    clock,
    limits: { ...defaultHubLimits, ...options.limits },
    transport: {
      send: (record) => log.push(new TextDecoder().decode(record).slice(0, -1)),
      get bufferedBytes() {
        return backlog.bytes;
      },
      pause: () => log.push("pause"),
      resume: () => log.push("resume"),
      close: () => log.push("close"),
      terminate: () => log.push("terminate"),
    },
    host: {
      opened: async () => {},
      invoke: async (_connection, { invocationId = "none", target }: Invocation) => {
        if (options.isQuick !== true) await new Promise<void>((resolve) => running.push(resolve));
        return writeCompletion(invocationId, { result: target });
      },
      ended: () => log.push("ended"),
    },
  });
  return {
    connection,
    clock,
    backlog,
    running,
    say: async (...messages: readonly object[]) => {
      const text = messages.map((message) => `${JSON.stringify(message)}\x1e`).join("");
      connection.receive(new TextEncoder().encode(text));
      await settle();
    },
    /** Lets `seconds` pass, with a sweep in each. */
    pass: async (seconds: number) => {
      for (let i = 0; i < seconds; i++) {
        await clock.advance(1000);
        connection.sweep();
      }
    },
    finish: async () => {
      running.shift()?.();
      await settle();
    },
    /** What has been done since the last look. */
    look: () => log.splice(0),
  };
}

const closed = (error: string, allowReconnect?: true) =>
  JSON.stringify({ type: 7, error, ...(allowReconnect && { allowReconnect }) });

test("a client that does not shake hands within 15 s is told so and closed", async () => {
  const client = connect();
  await client.pass(14);
  deepEqual(client.look(), []);
  await client.pass(1);
  deepEqual(client.look(), ['{"error":"Handshake was canceled."}', "close"]);
  await client.pass(5);
  deepEqual(client.look(), ["terminate"]);
  client.connection.transportClosed();
  client.connection.transportClosed();
  deepEqual(client.look(), ["ended"]);
});

test("a ping goes out when nothing else did for 15 s", async () => {
  const client = connect();
  await client.say(handshake);
  deepEqual(client.look(), ["{}"]);
  await client.pass(10);
  client.connection.send("Hear", 1);
  deepEqual(client.look(), ['{"type":1,"target":"Hear","arguments":[1]}']);
  await client.pass(14);
  deepEqual(client.look(), []);
  await client.pass(16);
  deepEqual(client.look(), ['{"type":6}', '{"type":6}']);
});

test("silence ends a connection after 30 s, but only if its client has ever pinged", async () => {
  const mute = connect({ limits: { keepAliveMs: Number.POSITIVE_INFINITY } });
  await mute.say(handshake);
  await mute.pass(3600);
  deepEqual(mute.look(), ["{}"]);

  const pinging = connect({ limits: { keepAliveMs: Number.POSITIVE_INFINITY }, isQuick: true });
  await pinging.say(handshake, ping);
  await pinging.pass(29);
  await pinging.say(call("0"));
  await pinging.pass(29);
  deepEqual(pinging.look(), ["{}", '{"type":3,"invocationId":"0","result":"Work"}']);
  await pinging.pass(1);
  deepEqual(pinging.look(), [closed("The client was silent for too long.", true), "close"]);
});

test("invocations wait for the one before; too many of them stop the reading until it is done", async () => {
  const client = connect({ limits: { inboxRecordsMax: 2 } });
  await client.say(handshake);
  await client.say(call("0"), call("1"), call("2"));
  equal(client.running.length, 1);
  deepEqual(client.look(), ["{}"]);
  await client.say(call("3"));
  deepEqual(client.look(), ["pause"]);
  await client.finish();
  deepEqual(client.look(), ['{"type":3,"invocationId":"0","result":"Work"}']);
  for (let i = 1; i < 4; i++) await client.finish();
  deepEqual(
    client.look().map((line) => line.match(/"invocationId":"(\d)"/)?.[1] ?? line),
    ["1", "2", "3", "resume"],
  );
});

test("a client whose reading is stopped is not called silent", async () => {
  const client = connect({ limits: { inboxRecordsMax: 0, keepAliveMs: Number.POSITIVE_INFINITY } });
  await client.say(handshake, ping, call("0"), call("1"));
  await client.pass(3600);
  deepEqual(client.look(), ["{}", "pause"]);
  await client.finish();
  await client.finish();
  await client.pass(29);
  equal(client.connection.isOpen, true);
});

test("a backlog up to the limit is allowed; beyond it the client is sent away to come back", async () => {
  const client = connect({ limits: { sendBufferBytesMax: 1000 } });
  await client.say(handshake);
  client.look();
  const record = new Uint8Array(100);
  client.backlog.bytes = 900;
  client.connection.sendRecord(record);
  equal(client.look().length, 1);
  client.backlog.bytes = 901;
  client.connection.sendRecord(record);
  deepEqual(client.look(), [closed("The client reads too slowly.", true), "close"]);
  client.backlog.bytes = 0;
  client.connection.sendRecord(record);
  deepEqual(client.look(), [], "nothing follows a Close");
});

test("a client that says goodbye is closed after what it had asked before, and asks nothing more", async () => {
  const client = connect();
  await client.say(handshake, call("0"));
  client.look();
  await client.say({ type: 7 });
  await client.finish();
  deepEqual(
    client.look(),
    ['{"type":3,"invocationId":"0","result":"Work"}', "close"],
    "in the order of the records",
  );
  await client.say(call("1"));
  deepEqual([client.look(), client.running.length], [[], 0]);
});

test("what ends while a method runs stays ended", async () => {
  const client = connect();
  await client.say(handshake, call("0"), call("1"));
  client.connection.close({ allowReconnect: true });
  client.look();
  await client.finish();
  client.connection.transportClosed();
  deepEqual([client.look(), client.running.length], [["ended"], 0]);
});
