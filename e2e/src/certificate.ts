/** Certificates for tests, made by the system's openssl at the moment they are needed: none lies in the repository. */
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { promisify } from "node:util";

const run = promisify(execFile);

/** A self-signed certificate for localhost and 127.0.0.1, valid for 30 days, which is also the authority that vouches for it. */
export interface Certificate {
  readonly certFile: string;
  readonly keyFile: string;
  readonly pem: string;
}

export class Certificates implements AsyncDisposable {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /**
   * A folder for certificates. Where openssl is missing the test is skipped, which it says, and undefined returned; where `CI=true` it fails.
   */
  static async open(test: TestContext): Promise<Certificates | undefined> {
    try {
      await run("openssl", ["version"]);
    } catch (error) {
      if (process.env.CI === "true") throw error;
      test.skip("openssl is not installed");
      return undefined;
    }
    return new Certificates(await mkdtemp(join(tmpdir(), "sluice-tls-")));
  }

  /** Makes `<name>-cert.pem` and `<name>-key.pem`, or makes them anew. */
  async make(name: string): Promise<Certificate> {
    const certFile = join(this.path, `${name}-cert.pem`);
    const keyFile = join(this.path, `${name}-key.pem`);
    const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", keyFile];
    const names = ["-subj", `/CN=${name}`, "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"];
    await run("openssl", ["req", "-x509", ...key, "-out", certFile, "-days", "30", ...names]);
    return { certFile, keyFile, pem: await readFile(certFile, "utf8") };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.path, { recursive: true });
  }
}
