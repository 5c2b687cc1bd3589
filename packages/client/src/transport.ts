/** What the client asks of a network: bytes both ways, in order, until it ends. TCP in Node is one, a WebSocket another. */

export interface TransportEvents {
  /** The chunk is the receiver's: the transport does not write to it again. */
  bytes(chunk: Uint8Array): void;
  /** `bufferedBytes` has come down to 0 after a write. */
  drained(): void;
  /** Called once. Nothing follows. */
  ended(cause: Error | undefined): void;
}

export interface Transport {
  /** Written, and not handed to the operating system yet. */
  readonly bufferedBytes: number;
  /** Nothing is lost or announced before this is called. */
  start(events: TransportEvents): void;
  /** The blocks must not change afterwards. */
  write(blocks: readonly Uint8Array[]): void;
  /** Hands over what was written, then ends. */
  end(): void;
  /** Ends at once. */
  destroy(): void;
}

/** Whom to trust on an address `tls://`. */
export interface TlsOptions {
  /** Certificates in PEM that are trusted instead of the system's. */
  readonly ca?: string;
  /** The name that the server's certificate must carry, when it is not the host of the address. */
  readonly serverName?: string;
  /** Certificate chain and key of this client in PEM, when the server asks for them. */
  readonly certificate?: string;
  readonly key?: string;
}

export interface DialOptions {
  readonly tls: TlsOptions | undefined;
  /** Gives the attempt up. */
  readonly signal: AbortSignal;
}

export type Scheme = "tcp" | "tls" | "ws" | "wss";

export interface Address {
  readonly scheme: Scheme;
  readonly host: string;
  readonly port: number;
  /** Of a WebSocket, when the address has one. */
  readonly path?: string;
  /** As it was given. */
  readonly text: string;
}

/** Rejects when no connection comes about. */
export type Dial = (address: Address, options: DialOptions) => Promise<Transport>;
