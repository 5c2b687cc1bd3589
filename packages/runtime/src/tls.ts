/**
 * TLS for the ports of a process: one certificate and its key from two files, checked when they are read, and read again without ending
 * a connection.
 */
import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { Socket } from "node:net";
import { createSecureContext, type SecureContextOptions, type Server } from "node:tls";
import type { Clock } from "./clock.ts";
import { Fault } from "./fault.ts";
import type { Log } from "./log.ts";

export interface TlsOptions {
  /** The certificate in PEM form, and behind it the ones that lead to a root. */
  readonly certFile: string;
  /** Its private key in PEM form, without a passphrase. */
  readonly keyFile: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** A client that has not come through its handshake by then is gone. */
const handshakeTimeoutMs = 10_000;
/** A certificate that ends sooner is warned about. */
const warnBeforeEndMs = 14 * 24 * 3_600_000;

/** What a TLS server is made with. */
export type TlsContext = SecureContextOptions & { readonly handshakeTimeout: number };

/** Clients of one server that are in their handshake. They hold the server's end up, and are nobody yet. */
export interface Handshakes {
  readonly count: number;
  /** Ends them. */
  end(): void;
}

/** The certificate of this process, and the servers that show it. */
export class ServerTls {
  readonly #options: TlsOptions;
  readonly #servers = new Set<Server>();
  #context: TlsContext;

  private constructor(options: TlsOptions, context: TlsContext) {
    this.#options = options;
    this.#context = context;
  }

  /**
   * Reads and checks both files. A certificate that has ended, or soon will, is warned about.
   * @throws Fault `tls-files` with a sentence that names the setting: a file that cannot be read, is no PEM, or does not fit the other.
   */
  static async load(options: TlsOptions): Promise<ServerTls> {
    return new ServerTls(options, await readContext(options));
  }

  /** TLS 1.2 or newer, with the present certificate. */
  get context(): TlsContext {
    return this.#context;
  }

  /** Has `server`, which was made with `context`, show the present certificate from now on, until it is closed. */
  serve(server: Server): Handshakes {
    this.#servers.add(server);
    server.once("close", () => this.#servers.delete(server));
    return watchHandshakes(server, this.#options.log);
  }

  /**
   * Reads the files again. New connections are shown the new certificate; those that are open go on as they are.
   * @throws Fault `tls-files`; then everything stays as it was.
   */
  async reload(): Promise<void> {
    this.#context = await readContext(this.#options);
    for (const server of this.#servers) server.setSecureContext(this.#context);
  }
}

async function readContext(options: TlsOptions): Promise<TlsContext> {
  const { certFile, keyFile } = options;
  const cert = await readPem("TLS_CERT_FILE", certFile);
  const key = await readPem("TLS_KEY_FILE", keyFile);
  const certificate = certificateOf(cert, certFile);
  if (!certificate.checkPrivateKey(keyOf(key, keyFile))) {
    throw wrong(`TLS_KEY_FILE ${keyFile} is not the key of the certificate in TLS_CERT_FILE ${certFile}.`);
  }
  const context: TlsContext = {
    cert,
    key,
    minVersion: "TLSv1.2",
    handshakeTimeout: handshakeTimeoutMs,
  };
  try {
    createSecureContext(context);
  } catch (cause) {
    throw wrong(`TLS_CERT_FILE ${certFile} cannot be used: ${reasonOf(cause)}.`, cause);
  }
  warnOfTime(certificate, options);
  return context;
}

async function readPem(setting: string, path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw wrong(`${setting} ${path} cannot be read: ${reasonOf(cause)}.`, cause);
  }
}

function certificateOf(pem: Buffer, path: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (cause) {
    throw wrong(`TLS_CERT_FILE ${path} holds no certificate in PEM form.`, cause);
  }
}

function keyOf(pem: Buffer, path: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch (cause) {
    throw wrong(`TLS_KEY_FILE ${path} holds no private key in PEM form without a passphrase.`, cause);
  }
}

function warnOfTime(
  { validFromDate, validToDate }: X509Certificate,
  { clock, log, certFile }: TlsOptions,
): void {
  const { wallMs } = clock.now();
  const facts = { certFile, validFrom: validFromDate.toISOString(), validTo: validToDate.toISOString() };
  if (validToDate.getTime() <= wallMs) {
    log.warn(facts, "the certificate in TLS_CERT_FILE has expired: clients will refuse it");
  } else if (validFromDate.getTime() > wallMs) {
    log.warn(facts, "the certificate in TLS_CERT_FILE is not valid yet: clients will refuse it");
  } else if (validToDate.getTime() - wallMs < warnBeforeEndMs) {
    log.warn(facts, "the certificate in TLS_CERT_FILE expires soon");
  }
}

function watchHandshakes(server: Server, log: Log): Handshakes {
  // The socket below and the encrypted one share nothing that is public but their two ends.
  const endOf = ({ remoteAddress, remotePort }: Socket): string => `${remoteAddress} ${remotePort}`;
  const shaking = new Map<string, Socket>();
  server.on("connection", (socket: Socket) => {
    const end = endOf(socket);
    shaking.set(end, socket);
    socket.once("close", () => {
      if (shaking.get(end) === socket) shaking.delete(end);
    });
  });
  server.on("secureConnection", (socket) => shaking.delete(endOf(socket)));
  server.on("tlsClientError", (err) => log.debug({ err }, "a client did not come through its TLS handshake"));
  return {
    get count() {
      return shaking.size;
    },
    end: () => {
      for (const socket of shaking.values()) socket.destroy();
    },
  };
}

const reasonOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));

const wrong = (sentence: string, cause?: unknown): Fault => new Fault("tls-files", sentence, { cause });
