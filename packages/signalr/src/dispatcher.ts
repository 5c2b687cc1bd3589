/** From the name of a method to its handler, and from what the handler does to the record that answers. */
import type { Log } from "@sluice/runtime";
import type { Invocation } from "./connection.ts";
import { type HubConnection, HubError } from "./hub-connection.ts";
import { type Outcome, writeCompletion } from "./json-protocol.ts";

/** The return value, or what it resolves with, is the result of the invocation; `undefined` is none. */
export type HubHandler = (connection: HubConnection, args: readonly unknown[]) => unknown;

export class Dispatcher {
  readonly #log: Log;
  readonly #handlers = new Map<string, HubHandler>();

  constructor(log: Log) {
    this.#log = log;
  }

  /** Names ignore case, as Microsoft's server has it. */
  add(target: string, handler: HubHandler): void {
    this.#handlers.set(target.toLowerCase(), handler);
  }

  /** Runs the method and resolves with the completion, or with nothing for a client that asked for no answer. Never rejects. */
  async run(connection: HubConnection, invocation: Invocation): Promise<Uint8Array | undefined> {
    const { invocationId, target } = invocation;
    const outcome = await this.#outcome(connection, invocation);
    if (invocationId === undefined) return undefined;
    try {
      return writeCompletion(invocationId, outcome);
    } catch (error) {
      return writeCompletion(invocationId, this.#unexpected(connection, target, error));
    }
  }

  async #outcome(connection: HubConnection, invocation: Invocation): Promise<Outcome> {
    const { kind, target, args } = invocation;
    const handler = this.#handlers.get(target.toLowerCase());
    if (handler === undefined) return { error: `Unknown hub method '${target}'` };
    if (kind === "stream-invocation") {
      return {
        error: `The client attempted to invoke the non-streaming '${target}' method with a streaming invocation.`,
      };
    }
    if (invocation.uploads) return { error: `The method '${target}' takes no streams.` };
    try {
      return { result: await handler(connection, args) };
    } catch (error) {
      return this.#unexpected(connection, target, error);
    }
  }

  #unexpected(connection: HubConnection, target: string, error: unknown): Outcome {
    const sentence = `An unexpected error occurred invoking '${target}' on the server.`;
    if (error instanceof HubError) return { error: `${sentence} HubException: ${error.message}` };
    this.#log.error({ err: error, target, connectionId: connection.id }, "A hub method failed");
    return { error: sentence };
  }
}
