/**
 * What the clients of queues in full may rely on, kept outside of the broker: what was sent with which options, and what became of it as far as
 * answers tell. Each delivery is held against it.
 */
import { ok } from "node:assert/strict";
import type { QueueDelivery } from "@sluice/broker";

export interface SentMessage {
  readonly queue: string;
  readonly body: string;
  /** When the send was asked for, and when it was answered; undefined until then. Wall clock. */
  readonly askedAtMs: number;
  answeredAtMs: number | undefined;
  readonly delayMs: number;
  readonly timeToLiveMs: number;
  readonly group: string | undefined;
  /** Its place among the messages of its group. */
  readonly groupPlace: number;
  id: string | undefined;
  /** Whether it may have been taken for a repeat of another one. */
  mayBeRepeat: boolean;
  /** Asked: it may be gone. Answered: it must be gone. By an ack, a cancel or a purge. */
  gone: "no" | "asked" | "answered";
}

/** "Ack this and send that": both or none. */
export interface Handover {
  readonly from: SentMessage;
  readonly to: SentMessage;
  isAnswered: boolean;
}

export const deduplicationWindowMs = 20_000;

export class QueueLedger {
  readonly messages = new Map<string, SentMessage>();
  readonly handovers: Handover[] = [];
  /** By queue and deduplication id: the last message that was answered under it. */
  readonly remembered = new Map<string, { readonly id: string; readonly atMs: number }>();
  readonly #groupEnds = new Map<string, number>();
  /** By queue and group: the furthest place that was delivered. */
  readonly #delivered = new Map<string, number>();

  sent(
    message: Pick<SentMessage, "queue" | "body" | "askedAtMs" | "delayMs" | "timeToLiveMs" | "group">,
  ): SentMessage {
    const key = `${message.queue}/${message.group}`;
    const groupPlace = this.#groupEnds.get(key) ?? 0;
    this.#groupEnds.set(key, groupPlace + 1);
    const sent: SentMessage = {
      ...message,
      groupPlace,
      answeredAtMs: undefined,
      id: undefined,
      mayBeRepeat: false,
      gone: "no",
    };
    this.messages.set(sent.body, sent);
    return sent;
  }

  /** `askedAtMs`: when the receive was asked for; `nowMs`: when it was answered. */
  received(queue: string, delivery: QueueDelivery, askedAtMs: number, nowMs: number): SentMessage {
    const body = Buffer.from(delivery.body).toString();
    const message = this.messages.get(body);
    ok(message !== undefined, `'${body}' was never sent`);
    ok(message.gone !== "answered", `'${body}' is gone and came again`);
    ok(message.queue === queue || queue === "dead", `'${body}' came from ${queue}`);
    ok(message.id === undefined || message.id === delivery.messageId, `'${body}' has two ids`);
    ok(message.askedAtMs + message.delayMs <= nowMs, `'${body}' came before its delay was over`);
    const aliveUntilMs =
      (message.answeredAtMs ?? Number.POSITIVE_INFINITY) + message.delayMs + message.timeToLiveMs;
    // A dead letter has no time to live any more, wherever it is moved.
    ok(delivery.movedFrom !== undefined || askedAtMs < aliveUntilMs, `'${body}' came after its time to live`);
    if (message.group !== undefined) this.#checkOrder(queue, message);
    const handover = this.handovers.find(({ from }) => from === message);
    ok(handover === undefined || !handover.isAnswered, `'${body}' was handed over and came again`);
    return message;
  }

  /** Of one group nothing comes before what was delivered already, and nothing while one before it may still come. */
  #checkOrder(queue: string, message: SentMessage): void {
    const key = `${queue}/${message.group}`;
    const furthest = this.#delivered.get(key) ?? -1;
    ok(message.groupPlace >= furthest, `'${message.body}' came behind ${furthest} of ${key}`);
    this.#delivered.set(key, message.groupPlace);
    for (const earlier of this.messages.values()) {
      const isBefore =
        earlier.queue === message.queue &&
        earlier.group === message.group &&
        earlier.groupPlace < message.groupPlace;
      if (!isBefore || earlier.answeredAtMs === undefined || earlier.mayBeRepeat) continue;
      ok(earlier.gone !== "no", `'${message.body}' came before '${earlier.body}' of its group was done`);
    }
  }

  /** Held against what was found when everything was taken out. `keepsExpired`: what was too old is among the dead letters, not gone. */
  checkDrained(found: ReadonlySet<string>, nowMs: number, keepsExpired: boolean): void {
    for (const message of this.messages.values()) {
      const { answeredAtMs, askedAtMs, delayMs, timeToLiveMs } = message;
      if (answeredAtMs === undefined || message.mayBeRepeat || message.gone !== "no") continue;
      if (!keepsExpired && askedAtMs + delayMs + timeToLiveMs <= nowMs) continue;
      ok(found.has(message.body), `'${message.body}' was promised and is lost`);
    }
    for (const { from, to, isAnswered } of this.handovers) {
      const [hasFrom, hasTo] = [found.has(from.body), found.has(to.body) || to.gone !== "no"];
      ok(!(hasFrom && hasTo), `'${from.body}' and '${to.body}' are both there`);
      ok(!isAnswered || hasTo, `'${from.body}' was handed over and '${to.body}' is lost`);
    }
  }
}
