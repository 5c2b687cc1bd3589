/** Accepting a message: whose it is, whether it was accepted before, and the event that makes it last. */
import type { Bus } from "@sluice/bus";
import { type Clock, type Random, uuidv7 } from "@sluice/runtime";
import type { ConversationStore } from "../conversations/conversation-store.ts";
import { notAMember, type Refused, refuse, unknownConversation } from "../refusals.ts";
import { fingerprintOf } from "./fingerprint.ts";
import type { Message } from "./message.ts";
import { eventOf, messageSent } from "./message-sent.ts";
import type { MessageStore } from "./message-store.ts";

/** What a sender gives. */
export type Outgoing = Omit<Message, "messageId" | "sentAtMs">;

export interface Accepted {
  readonly ok: true;
  readonly messageId: string;
  readonly sentAtMs: number;
  /** What the acceptance rests on. */
  readonly durability: string;
  /** The same send was accepted before, and this is that answer. */
  readonly isRepeat: boolean;
}

export interface SendingOptions {
  readonly bus: Pick<Bus, "publish">;
  readonly store: MessageStore & Pick<ConversationStore, "isMember"> & { readonly durability: string };
  readonly clock: Clock;
  readonly random: Random;
}

export class Sending {
  readonly #options: SendingOptions;
  readonly #underWay = new Set<Promise<unknown>>();

  constructor(options: SendingOptions) {
    this.#options = options;
  }

  /**
   * Accepts a message: resolves when its event is on the topic. From then on it is not lost, and the worker will store it.
   *
   * A send with a client message id is written down before it is published. A repeat finds that, whenever it comes: it gets the same
   * answer, and unless the message has been stored already its event is published again, because nobody knows whether the first one
   * was; the worker stores it once. Rejects with a fault of the bus or the store when the outcome is unknown; then a repeat settles it.
   */
  async send(outgoing: Outgoing, traceparent?: string): Promise<Accepted | Refused> {
    const answer = this.#send(outgoing, traceparent);
    this.#underWay.add(answer);
    try {
      return await answer;
    } finally {
      this.#underWay.delete(answer);
    }
  }

  /** Resolves when the sends that are under way have their answers. */
  async idle(): Promise<void> {
    await Promise.allSettled(this.#underWay);
  }

  async #send(outgoing: Outgoing, traceparent: string | undefined): Promise<Accepted | Refused> {
    const { store, clock, random } = this.#options;
    const { conversationId, senderId, clientMessageId } = outgoing;
    const isMember = await store.isMember(conversationId, senderId);
    if (isMember === undefined) return unknownConversation(conversationId);
    if (!isMember) return notAMember(conversationId, senderId);

    const sentAtMs = clock.now().wallMs;
    const message: Message = { ...outgoing, messageId: uuidv7(random, sentAtMs), sentAtMs };
    if (clientMessageId === null) return this.#publish(message, false, traceparent);

    const claim = await store.claim({ ...message, clientMessageId });
    if (claim.fingerprint !== fingerprintOf(message)) {
      const sentence = `'${senderId}' has used the client message id '${clientMessageId}' for another message.`;
      return refuse("client-message-id-reused", sentence);
    }
    const { messageId } = claim;
    const isRepeat = messageId !== message.messageId;
    if (claim.isStored) {
      return { ok: true, messageId, sentAtMs: claim.sentAtMs, durability: store.durability, isRepeat };
    }
    return this.#publish({ ...message, messageId, sentAtMs: claim.sentAtMs }, isRepeat, traceparent);
  }

  async #publish(message: Message, isRepeat: boolean, traceparent: string | undefined): Promise<Accepted> {
    const { durability } = await this.#options.bus.publish(
      messageSent,
      eventOf(message),
      traceparent === undefined ? {} : { traceparent },
    );
    const { messageId, sentAtMs } = message;
    return { ok: true, messageId, sentAtMs, durability, isRepeat };
  }
}
