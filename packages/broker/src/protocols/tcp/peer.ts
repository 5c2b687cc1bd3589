/** The two sides of a classic connection: the peer, which a role writes to, and the role, which hears what the peer sends. */
import type { RefusalCode } from "@sluice/protocol";

/** Called once when the pieces of a write were handed to the kernel, or with the error when they never will be. */
export type HandedOver = (error?: Error | null) => void;

/** The client at the other end, as a role sees it. */
export interface Peer {
  /** The address at the other end; undefined when it has none. */
  readonly address?: string | undefined;
  /** Whether the socket has more to send than it should: write again when `drained` of the role is called. */
  readonly congested: boolean;
  write(blocks: readonly Uint8Array[], handedOver?: HandedOver): void;
  /** Stops reading from the client, so that it has to wait; `resume` ends that. */
  pause(): void;
  resume(): void;
  /** Says why, as the last frame of the connection, and ends it. */
  refuse(code: RefusalCode, sentence: string): void;
  /** Ends the connection after what was written. */
  finish(): void;
  /** So many bytes more than before are held for this client, beside what was read and written just now. */
  grown(bytes: number): void;
  /** Ends the connection at once. */
  destroy(): void;
}

/** What a connection does once its role is known. */
export interface RoleConnection {
  /** What it holds for the client in bytes, beside what was written to the peer. */
  readonly heldBytes: number;
  /** Bytes from the client. */
  push(bytes: Uint8Array): void;
  /** The client will send nothing more. */
  ended(): void;
  /** The socket has room again. */
  drained(): void;
  /** The connection is over, for whatever reason; called once. Resolves when nothing of it is under way any more. */
  closed(): Promise<void>;
  /** Takes no new work, and has the peer finish once what was begun is done. Resolves when the broker has answered for all of it. */
  drain(): Promise<void>;
}
