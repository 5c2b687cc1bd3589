/** What operators do: queues as things with settings, what is in them, and what becomes of dead letters. */
import {
  type RedrivesAnswer,
  type WireBrowsable,
  type WireQueueDescription,
  type WireRedrive,
  type WireSeenMessage,
  type WireSettingsPatch,
  writeBrowseQueue,
  writeCancelMessage,
  writeCancelRedrive,
  writeConfigureQueue,
  writeCreateQueue,
  writeDeleteQueue,
  writeDescribeQueue,
  writeListRedrives,
  writePauseQueue,
  writePurgeQueue,
  writeRedriveMessage,
  writeRescheduleMessage,
  writeStartRedrive,
} from "@sluice/protocol/full";
import { change, type Kept, once } from "./change.ts";
import type { Context } from "./context.ts";
import { ClientFault } from "./errors.ts";

/** Absent settings get the server's defaults, or stay as they are. `deadLetter: null` takes a dead-letter queue away. */
export type QueueSettings = WireSettingsPatch;
export type QueueDescription = WireQueueDescription;
export type BrowsedMessage = WireSeenMessage;
export type Redrive = WireRedrive;

export interface BrowseOptions {
  /** `next` of the answer before. Default: from the beginning. */
  readonly after?: string;
  /** 1 to 1000. Default 100. */
  readonly max?: number;
  /** Bytes of bodies; a single message is always shown. Default 1 MiB. */
  readonly bytesMax?: number;
  /** `dead-letters`: only parked messages, and those that came here as dead letters of other queues. Default `all`. */
  readonly what?: WireBrowsable;
}

export interface Browsed {
  readonly messages: readonly BrowsedMessage[];
  /** Where to go on; undefined at the end. */
  readonly next: string | undefined;
}

export interface RedriveOptions {
  /** Default: each goes back to the queue that gave it up. */
  readonly to?: string;
  /** Default: as fast as it goes. */
  readonly perSecondMax?: number;
}

const mebi = 1024 * 1024;
const uuidPattern = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * Every method rejects with a RefusedError (`unknown-queue`, ...) or a ClientFault. What would have another effect when it is done twice is not
 * asked again after a connection was lost: it rejects as `connection-lost`, and whether it was done is not known.
 */
export class QueueAdministration {
  readonly name: string;
  protected readonly context: Context;

  constructor(name: string, context: Context) {
    this.name = name;
    this.context = context;
  }

  /** Resolves with whether it was made now. One that exists with other settings is refused as `invalid-setting`. */
  async create(settings: QueueSettings = {}): Promise<boolean> {
    const { created } = await this.context.link.outbox.ask("created", (to, id) =>
      writeCreateQueue(to, { id, queue: this.name, settings }),
    );
    return created;
  }

  /**
   * Changes settings of an existing queue: they hold from then on. The durability cannot be changed.
   * @throws RefusedError `invalid-setting`.
   */
  configure(settings: QueueSettings): Promise<Kept> {
    return change(this.context, (to, id) => writeConfigureQueue(to, { id, queue: this.name, settings }));
  }

  /** Its settings, how many messages it holds in which state, and how old the oldest of them are. */
  async describe(): Promise<QueueDescription> {
    const {
      verb: _,
      id: __,
      ...description
    } = await this.context.link.outbox.ask("queue", (to, request) =>
      writeDescribeQueue(to, { id: request, queue: this.name }),
    );
    return description;
  }

  /** The queue goes with everything that is in it. Its name may be used again, by another queue. */
  delete(): Promise<Kept> {
    return change(this.context, (to, id) => writeDeleteQueue(to, { id, queue: this.name }), once);
  }

  /** Every message goes, also those in flight. Resolves with how many went. */
  async purge(): Promise<{ readonly messages: number } & Kept> {
    const { messages, durability } = await this.context.link.outbox.ask(
      "purged",
      (to, id) => writePurgeQueue(to, { id, queue: this.name }),
      once,
    );
    return { messages, durability };
  }

  /** Nothing is handed out until `resume`; everything else goes on. */
  pause(): Promise<Kept> {
    return this.#pause(true);
  }

  resume(): Promise<Kept> {
    return this.#pause(false);
  }

  /** Reads messages as they are, and changes nothing. */
  async browse(options: BrowseOptions = {}): Promise<Browsed> {
    const { after = "", max = 100, bytesMax = mebi, what = "all" } = options;
    const { messages, next } = await this.context.link.outbox.ask("browsed", (to, id) =>
      writeBrowseQueue(to, { id, queue: this.name, what, after, max, bytesMax }),
    );
    return { messages, next };
  }

  /** The dead letters that wait here: parked messages, and those that other queues gave up. */
  async *deadLetters(): AsyncGenerator<BrowsedMessage, void, undefined> {
    for (let after: string | undefined = ""; after !== undefined; ) {
      const { messages, next }: Browsed = await this.browse({ after, what: "dead-letters" });
      yield* messages;
      after = next;
    }
  }

  /**
   * Deletes a message that nobody has in hand: one that waits, is delayed, or is a dead letter.
   * @throws RefusedError `unknown-message`, `message-in-flight`.
   */
  cancel(messageId: string): Promise<Kept> {
    return this.#one(messageId, (to, id) => writeCancelMessage(to, { id, queue: this.name, messageId }));
  }

  /**
   * Lets a message that waits or is delayed become ready `delayMs` from now, whatever was said before.
   * @throws RefusedError `unknown-message`, `message-in-flight`, `invalid-message`.
   */
  reschedule(messageId: string, delayMs: number): Promise<Kept> {
    return this.#one(messageId, (to, id) =>
      writeRescheduleMessage(to, { id, queue: this.name, messageId, delayMs }),
    );
  }

  /**
   * Moves one dead letter at once, by default to the queue that gave it up.
   * @throws RefusedError `unknown-message`, `unknown-queue`, ...
   */
  redriveMessage(messageId: string, { to: target }: Pick<RedriveOptions, "to"> = {}): Promise<Kept> {
    return this.#one(messageId, (to, id) =>
      writeRedriveMessage(to, { id, queue: this.name, messageId, to: target }),
    );
  }

  /**
   * Begins to move all dead letters that are here now. One redrive a queue runs at a time; it goes on over a restart of the server.
   * @throws RefusedError `redrive-running`, `unknown-queue`, `invalid-setting`.
   */
  async redrive({ to: target, perSecondMax }: RedriveOptions = {}): Promise<Redrive> {
    const { redrive } = await this.context.link.outbox.ask(
      "redriving",
      (to, id) => writeStartRedrive(to, { id, queue: this.name, to: target, perSecondMax }),
      once,
    );
    return redrive;
  }

  /**
   * Ends a redrive where it is; what was moved stays moved.
   * @throws RefusedError `unknown-redrive` when it has ended.
   */
  cancelRedrive(redrive: number): Promise<Kept> {
    return change(this.context, (to, id) => writeCancelRedrive(to, { id, queue: this.name, redrive }), once);
  }

  /** Those of late and the one that runs, oldest first. */
  async listRedrives(): Promise<readonly Redrive[]> {
    const { redrives }: RedrivesAnswer = await this.context.link.outbox.ask("redrives", (to, id) =>
      writeListRedrives(to, { id, queue: this.name }),
    );
    return redrives;
  }

  #pause(paused: boolean): Promise<Kept> {
    return change(this.context, (to, id) => writePauseQueue(to, { id, queue: this.name, paused }));
  }

  #one(messageId: string, write: Parameters<typeof change>[1]): Promise<Kept> {
    if (uuidPattern.test(messageId)) return change(this.context, write, once);
    return Promise.reject(new ClientFault("invalid-request", `'${messageId}' is no message id.`));
  }
}
