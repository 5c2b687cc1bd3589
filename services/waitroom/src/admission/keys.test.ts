/** The secrets of the waiting room: made once, kept well, never replaced behind anybody's back. */
import { deepEqual, equal, match, notEqual, rejects } from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Fault, seededRandom, systemRandom } from "@sluice/runtime";
import { calculateJwkThumbprint, createLocalJWKSet, jwtVerify } from "jose";
import { type Admission, CheckoutTokens } from "./checkout-token.ts";
import { loadKeys, makeKeys } from "./keys.ts";

async function withFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "sluice-keys-"));
  try {
    await use(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

test("keys are made at the first start and the same ever after, for their owner's eyes alone", async () => {
  await withFolder(async (folder) => {
    const made = await loadKeys(folder, systemRandom);
    deepEqual(await readdir(folder), ["waitroom-keys.json"]);
    equal((await stat(join(folder, "waitroom-keys.json"))).mode & 0o777, 0o600);
    deepEqual(await loadKeys(folder, systemRandom), made);
  });
});

test("a key file that is not what we wrote stops the start and stays as it is", async () => {
  const good = makeKeys(systemRandom);
  const broken: [string, string, RegExp][] = [
    ["not JSON", "{", /not JSON/],
    ["empty", "", /not JSON/],
    ["of a newer version", JSON.stringify({ ...good, version: 2 }), /version/],
    ["without keys", JSON.stringify({ ...good, signing: [] }), /signing/],
    ["with a short secret", JSON.stringify({ ...good, session_secret: "abc" }), /session_secret/],
  ];
  for (const [name, text, sentence] of broken) {
    await withFolder(async (folder) => {
      const path = join(folder, "waitroom-keys.json");
      await writeFile(path, text);
      await rejects(
        loadKeys(folder, systemRandom),
        (error) =>
          error instanceof Fault && error.code === "waitroom-keys-invalid" && sentence.test(error.message),
        name,
      );
      equal(await readFile(path, "utf8"), text);
    });
  }
});

const admission = (keyId: string): Admission => ({
  tokenId: "token-1",
  sessionId: "session-1",
  eventId: "concert",
  userId: "ann",
  admittedAtMs: Date.UTC(2026, 0, 1, 12, 0, 0, 999),
  expiresAtMs: Date.UTC(2026, 0, 1, 12, 15),
  keyId,
});

test("the same admission gives the same token, byte for byte; the key's name is its RFC 7638 thumbprint", async () => {
  const keys = makeKeys(seededRandom(1));
  const tokens = new CheckoutTokens("here", keys);
  const token = tokens.sign(admission(tokens.keyId));
  equal(new CheckoutTokens("here", keys).sign(admission(tokens.keyId)), token);
  notEqual(tokens.sign({ ...admission(tokens.keyId), tokenId: "token-2" }), token);
  const [key] = tokens.jwks.keys;
  equal(key && (await calculateJwkThumbprint({ ...key })), tokens.keyId);
});

test("a token outlives the change of keys; one of a stranger does not pass", async () => {
  const old = makeKeys(systemRandom);
  const fresh = makeKeys(systemRandom);
  const before = new CheckoutTokens("here", old);
  const token = before.sign(admission(before.keyId));

  const after = new CheckoutTokens("here", { ...fresh, signing: [...fresh.signing, ...old.signing] });
  notEqual(after.keyId, before.keyId);
  equal(after.sign(admission(before.keyId)), token);
  const published = createLocalJWKSet({ keys: after.jwks.keys.map((key) => ({ ...key })) });
  const currentDate = new Date(Date.UTC(2026, 0, 1, 12, 14));
  equal((await jwtVerify(token, published, { currentDate })).payload.jti, "token-1");

  const stranger = new CheckoutTokens("here", makeKeys(systemRandom));
  const forged = stranger.sign(admission(stranger.keyId));
  await rejects(jwtVerify(forged, published, { currentDate }), /no applicable key/i);
  await rejects(jwtVerify(token, published, { currentDate: new Date(Date.UTC(2026, 0, 1, 12, 15)) }), /exp/);
  match(token, /^[\w-]+\.[\w-]+\.[\w-]+$/);
});
