/** TLS: the server is who it says it is, or there is no connection. */
import { equal, rejects } from "node:assert/strict";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { createServer, type TLSSocket } from "node:tls";
import { Client } from "../src/index.ts";
import { RestartableServer } from "./restartable-server.ts";

/** For `sluice.test`, signed by itself. The key is everybody's: it protects nothing. */
const certificate = `-----BEGIN CERTIFICATE-----
MIIBmzCCAUGgAwIBAgIUALmndR+f1lQF/5aVj5QJOO9/Q94wCgYIKoZIzj0EAwIw
FjEUMBIGA1UEAwwLc2x1aWNlLnRlc3QwIBcNMjYxMTIxMTc0NDQ4WhgPMjEyNjEw
MjgxNzQ0NDhaMBYxFDASBgNVBAMMC3NsdWljZS50ZXN0MFkwEwYHKoZIzj0CAQYI
KoZIzj0DAQcDQgAEXgGK9rIOKCI+BRSlKlmb9J6UFbCN7XrS3NzbLzSDeLDWiegz
+5daWwVGo/VXR5wOBOTbzn9B2+eZUqkD2HFJjqNrMGkwHQYDVR0OBBYEFCw/U/Oz
L70Z/4EDME01KN3guMCsMB8GA1UdIwQYMBaAFCw/U/OzL70Z/4EDME01KN3guMCs
MA8GA1UdEwEB/wQFMAMBAf8wFgYDVR0RBA8wDYILc2x1aWNlLnRlc3QwCgYIKoZI
zj0EAwIDSAAwRQIgMNMeuZsUSODt9EJSdDMJxZpfRtl2t7ZKc7AxkqWBZWoCIQC1
PwGfbu8HgKqdFUg3YVqyPkG154FZ1R4xXihIc6XLHg==
-----END CERTIFICATE-----`;
const key = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg6nDPyjjnGWZCKKKM
FRQL5Lu8gjWxI5mKSBnIvWNJhZ+hRANCAAReAYr2sg4oIj4FFKUqWZv0npQVsI3t
etLc3NsvNIN4sNaJ6DP7l1pbBUaj9VdHnA4E5NvOf0Hb55lSqQPYcUmO
-----END PRIVATE KEY-----`;

async function open() {
  const server = new RestartableServer();
  await server.start();
  const front = createServer({ cert: certificate, key }, (socket: TLSSocket) => server.accept(socket));
  front.on("tlsClientError", () => undefined);
  front.listen(0, "127.0.0.1");
  await once(front, "listening");
  const address = `tls://127.0.0.1:${(front.address() as AddressInfo).port}`;
  return {
    address,
    [Symbol.asyncDispose]: async () => {
      const closed = new Promise((resolve) => front.close(resolve));
      await server.stop("cut");
      await closed;
    },
  };
}

test("a certificate that is trusted, for the name that was asked for", async () => {
  await using server = await open();
  const tls = { ca: certificate, serverName: "sluice.test" };
  await using client = await Client.connect({ addresses: [server.address], tls });
  const { durability } = await client.queue("jobs").send("secret");
  equal(durability, "synced");
});

for (const [what, tls] of [
  ["nobody vouches for it", undefined],
  ["it is for another name", { ca: certificate, serverName: "other.test" }],
] as const) {
  test(`no connection when ${what}`, async () => {
    await using server = await open();
    const options = tls === undefined ? {} : { tls };
    await rejects(Client.connect({ addresses: [server.address], reconnect: false, ...options }), {
      code: "connect-failed",
    });
  });
}
