/** The worker: stores accepted messages in the order of their partition, and shows each once it is stored. */
import { type Bus, InvalidEvent, on, type Subscription } from "@sluice/bus";
import type { StoredMessage } from "./message.ts";
import { messageOf, messageSent } from "./message-sent.ts";
import type { MessageStore } from "./message-store.ts";

/** The consumer group of all workers. */
export const workerGroup = "chat-worker";

export interface WorkerOptions {
  readonly bus: Bus;
  readonly store: Pick<MessageStore, "storeMessage">;
  /** Called after the message is stored, in the order of seq within a conversation. */
  readonly show: (message: StoredMessage) => void;
}

/**
 * Starts to consume. The offset is committed after the store, so that an event comes again after a crash; storing what is stored
 * changes nothing. A store that fails is tried again until it works, because an accepted message must not become a dead letter for
 * that; an event that no store could take (no such conversation) becomes one at once.
 */
export function startWorker({ bus, store, show }: WorkerOptions): Promise<Subscription> {
  return bus.subscribe({
    group: workerGroup,
    retry: { attemptsMax: Number.POSITIVE_INFINITY, delayMsMax: 5_000 },
    handlers: [
      on(messageSent, async ({ data, attempt }) => {
        const outcome = await store.storeMessage(messageOf(data));
        if (!outcome.ok)
          throw new InvalidEvent(`there is no conversation '${data.conversationId}'`, "conversationId");
        // A first attempt that fails may have stored the message and not shown it.
        if (outcome.isNew || attempt > 1) show(outcome.message);
      }),
    ],
  });
}
