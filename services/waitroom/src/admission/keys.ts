/**
 * The waiting room's secrets, made at the first start and kept in `<data directory>/waitroom-keys.json`, readable by its owner alone:
 * the keys that sign checkout tokens and the secret that session tokens are derived from. Losing the file makes every token that is
 * out there worthless, so a file that cannot be read stops the start instead of being replaced.
 */
import { createHash, generateKeyPairSync } from "node:crypto";
import { open, readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { Fault, type Random } from "@sluice/runtime";
import Type, { type Static } from "typebox";
import { Compile } from "typebox/compile";

const base64url = (bytes: number): string => `^[A-Za-z0-9_-]{${Math.ceil((bytes * 4) / 3)}}$`;

const keysSchema = Type.Object({
  version: Type.Literal(1),
  signing: Type.Array(
    Type.Object({
      /** RFC 7638 thumbprint of the public key. */
      kid: Type.String({ minLength: 1 }),
      jwk: Type.Object({
        kty: Type.Literal("OKP"),
        crv: Type.Literal("Ed25519"),
        x: Type.String({ pattern: base64url(32) }),
        d: Type.String({ pattern: base64url(32) }),
      }),
    }),
    { minItems: 1 },
  ),
  session_secret: Type.String({ pattern: base64url(32) }),
});

export type WaitroomKeys = Static<typeof keysSchema>;
export type SigningKey = WaitroomKeys["signing"][number];

const schema = Compile(keysSchema);
const fileName = "waitroom-keys.json";

/**
 * Reads the keys of `dataDirectory`, which must exist; makes them when there are none.
 * Throws a `Fault` (`waitroom-keys-invalid`) when the file is there but is not what we wrote.
 */
export async function loadKeys(dataDirectory: string, random: Random): Promise<WaitroomKeys> {
  const path = join(dataDirectory, fileName);
  const text = await readIfThere(path);
  if (text !== undefined) return parseKeys(path, text);
  const keys = makeKeys(random);
  await writeWhole(dataDirectory, path, `${JSON.stringify(keys, undefined, 2)}\n`);
  return keys;
}

/** New keys. The signing key comes from the system's randomness, the session secret from `random`. */
export function makeKeys(random: Random): WaitroomKeys {
  const { x, d } = generateKeyPairSync("ed25519").privateKey.export({ format: "jwk" });
  if (x === undefined || d === undefined)
    throw new Fault("waitroom-keys-invalid", "the system made no Ed25519 key");
  return {
    version: 1,
    signing: [{ kid: thumbprint(x), jwk: { kty: "OKP", crv: "Ed25519", x, d } }],
    session_secret: Buffer.from(random.bytes(32)).toString("base64url"),
  };
}

/** RFC 7638: the hash of the required members in alphabetical order. */
function thumbprint(x: string): string {
  return createHash("sha256")
    .update(JSON.stringify({ crv: "Ed25519", kty: "OKP", x }))
    .digest("base64url");
}

function parseKeys(path: string, text: string): WaitroomKeys {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new Fault(
      "waitroom-keys-invalid",
      `${path} is not JSON; restore it, or remove it to void all tokens`,
      { cause },
    );
  }
  if (schema.Check(value)) return value;
  const [error] = schema.Errors(value);
  const where = error?.instancePath || "the file";
  throw new Fault("waitroom-keys-invalid", `${path}: ${where} ${error?.message ?? "does not fit"}`);
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return undefined;
    throw new Fault("waitroom-keys-invalid", `${path} cannot be read`, { cause });
  }
}

/** A reader sees the whole file or none, also after a power cut: written beside, synced, renamed, and the directory synced. */
async function writeWhole(directory: string, path: string, text: string): Promise<void> {
  const beside = `${path}.new`;
  {
    await using file = await open(beside, "w", 0o600);
    await file.chmod(0o600);
    await file.writeFile(text);
    await file.sync();
  }
  await rename(beside, path);
  await using holder = await open(directory, "r");
  await holder.sync();
}
