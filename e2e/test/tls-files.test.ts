/** The two files of TLS: what is wrong with them is said when they are read, in a sentence that names the setting. */
import { deepEqual, equal, rejects } from "node:assert/strict";
import { execFile } from "node:child_process";
import { copyFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { type Clock, createLog, ServerTls, systemClock } from "@sluice/runtime";
import { Certificates } from "../src/certificate.ts";

const dayMs = 24 * 3_600_000;
/** The machine's clock, so many days later. */
const clockAt = (days: number): Clock => ({
  now: () => ({ ...systemClock.now(), wallMs: systemClock.now().wallMs + days * dayMs }),
  after: (delayMs, fire) => systemClock.after(delayMs, fire),
});

function loading(days = 0) {
  const warnings: string[] = [];
  const log = createLog("warn", {
    write: (line) => warnings.push((JSON.parse(line) as { msg: string }).msg),
  });
  const load = (certFile: string, keyFile: string): Promise<ServerTls> =>
    ServerTls.load({ certFile, keyFile, clock: clockAt(days), log });
  return { load, warnings };
}

test("files that cannot be used are refused by the name of their setting", async (t) => {
  await using certificates = await Certificates.open(t);
  if (certificates === undefined) return;
  const { path } = certificates;
  const [one, other] = [await certificates.make("one"), await certificates.make("other")];
  const junk = join(path, "junk.pem");
  await writeFile(junk, "-----BEGIN CERTIFICATE-----\nnothing\n-----END CERTIFICATE-----\n");
  const locked = join(path, "locked.pem");
  const encrypt = ["ec", "-in", one.keyFile, "-aes256", "-passout", "pass:secret", "-out", locked];
  await promisify(execFile)("openssl", encrypt);
  const cases: readonly (readonly [string, string, RegExp])[] = [
    [join(path, "none.pem"), one.keyFile, /^TLS_CERT_FILE .*none\.pem cannot be read: ENOENT/],
    [one.certFile, join(path, "none.pem"), /^TLS_KEY_FILE .*none\.pem cannot be read: ENOENT/],
    [path, one.keyFile, /^TLS_CERT_FILE .* cannot be read: EISDIR/],
    [junk, one.keyFile, /^TLS_CERT_FILE .*junk\.pem holds no certificate/],
    [one.keyFile, one.keyFile, /^TLS_CERT_FILE .*one-key\.pem holds no certificate/],
    [one.certFile, one.certFile, /^TLS_KEY_FILE .*one-cert\.pem holds no private key/],
    [one.certFile, locked, /^TLS_KEY_FILE .*locked\.pem holds no private key .*without a passphrase/],
    [one.certFile, other.keyFile, /^TLS_KEY_FILE .*other-key\.pem is not the key of .*one-cert\.pem/],
  ];
  for (const [certFile, keyFile, message] of cases) {
    await rejects(loading().load(certFile, keyFile), { code: "tls-files", message });
  }
});

test("a certificate whose time is over, has not come or soon ends is warned about, and used", async (t) => {
  await using certificates = await Certificates.open(t);
  if (certificates === undefined) return;
  const { certFile, keyFile } = await certificates.make("one");
  const said: [number, string[]][] = [
    [0, []],
    [20, ["the certificate in TLS_CERT_FILE expires soon"]],
    [31, ["the certificate in TLS_CERT_FILE has expired: clients will refuse it"]],
    [-1, ["the certificate in TLS_CERT_FILE is not valid yet: clients will refuse it"]],
  ];
  for (const [days, expected] of said) {
    const { load, warnings } = loading(days);
    equal((await load(certFile, keyFile)).context.minVersion, "TLSv1.2");
    deepEqual(warnings, expected, `after ${days} days`);
  }
});

test("files that cannot be used leave what was there when they are read again", async (t) => {
  await using certificates = await Certificates.open(t);
  if (certificates === undefined) return;
  const [one, other] = [await certificates.make("one"), await certificates.make("other")];
  const tls = await loading().load(one.certFile, one.keyFile);
  const before = tls.context;
  await copyFile(other.certFile, one.certFile);
  await rejects(tls.reload(), { code: "tls-files" });
  equal(tls.context, before);
  await copyFile(other.keyFile, one.keyFile);
  await tls.reload();
  equal(String(tls.context.cert), other.pem);
});
