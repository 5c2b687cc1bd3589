/** What the sides of a test of queues have in common: the models, and what the broker calls the messages and receipts that the models know. */
import { ok } from "node:assert/strict";
import { noAttributes, type OutgoingMessage } from "@sluice/broker";
import type { ModelQueue } from "../../../test/queue/model.ts";
import type { ModelSend } from "../../../test/queue/model-message.ts";
import type { Receipt } from "../../queue/index.ts";
import type { Ask } from "./queue-commands.ts";
import { nameOf, type Sent } from "./queue-told.ts";

/** What was handed out, in the words of both. */
export interface Held {
  readonly queue: number;
  /** Absent where it was given as numbers. */
  readonly text: string | undefined;
  readonly receipt: Receipt;
}

/** Texts that are no receipts, and receipts that were never given. */
const strangers: readonly Held[] = [
  { queue: 1, text: "no receipt", receipt: { sequence: 1e9, lease: 1 } },
  { queue: 1, text: "A".repeat(27), receipt: { sequence: 1, lease: 1e9 } },
];

/** Bounds in bytes are as many times as large as the commands say, and bodies up to as many, so that a few of them fill a segment, and the memory. */
export const bodyScale = 400;

export class Known {
  readonly models = new Map<number, ModelQueue>();
  /** By origin in the words of the model. */
  readonly sent = new Map<string, Sent>();
  readonly held: Held[] = [...strangers];
  readonly #wallMs: () => number;
  #serial = 0;

  constructor(wallMs: () => number) {
    this.#wallMs = wallMs;
  }

  outgoing(given: Ask<"send">["messages"]): readonly OutgoingMessage[] {
    return given.map(({ bytes, ...options }) => ({
      ...options,
      // Some are the same, for the queues that tell messages apart by their content. Small ones that outlive large ones leave sparse segments.
      body: Buffer.alloc(Math.round((bytes * bytes * bodyScale) / 12), `${bytes}-${this.#serial++ % 3} `),
      attributes: noAttributes,
    }));
  }

  /** With what stands for the content where that is what tells messages apart. */
  identified(queue: number, messages: readonly OutgoingMessage[]): readonly ModelSend[] {
    const { deduplication } = this.model(queue).settings;
    return messages.map(({ body, delayMs, timeToLiveMs, priority, groupId, deduplicationId }) => {
      const content = deduplication === "by-content" ? `content ${Buffer.from(body)}` : undefined;
      return {
        body,
        groupId,
        deduplicationId: deduplicationId ?? content,
        ...(delayMs !== undefined && { delayMs }),
        ...(timeToLiveMs !== undefined && { timeToLiveMs }),
        ...(priority !== undefined && { priority }),
      };
    });
  }

  /** The ids that the messages must have: a new one for a new message, which is taken from the answer, and the old one for a repeat. */
  idsOf(
    queue: number,
    sequences: readonly number[] | "queue-full",
    answer: { readonly ok: true; readonly messageIds: readonly string[] } | { readonly ok: false },
  ): readonly string[] | string {
    if (typeof sequences === "string") return sequences;
    const messageIds = answer.ok ? answer.messageIds : [];
    return sequences.map((sequence, i) => {
      const [origin, messageId] = [`${queue}/${sequence}`, messageIds[i] ?? "no id"];
      const known = this.sent.get(origin);
      if (known !== undefined) return known.messageId;
      ok(![...this.sent.values()].some((one) => one.messageId === messageId), `${messageId} is new`);
      this.sent.set(origin, { messageId, atMs: this.#wallMs() });
      return messageId;
    });
  }

  model(number: number): ModelQueue {
    const model = this.models.get(number);
    ok(model, `there is a model of queue ${number}`);
    return model;
  }

  isNowhere(to: number | undefined): boolean {
    return to !== undefined && !this.models.has(to);
  }

  /** True every so many times. */
  isTurn(of: number): boolean {
    return ++this.#serial % of === 0;
  }

  /** Mostly one of the newest receipts, which may still hold. */
  receipt(which: number) {
    const index = which < 8 ? which : Math.max(0, this.held.length - 1 - (which % 8));
    const found = this.held[index % this.held.length];
    ok(found);
    return { ...found, queue: nameOf(found.queue), model: this.model(found.queue) };
  }

  /** Mostly a message that is there; else any that ever was anywhere. */
  message({ queue, which }: { readonly queue: number; readonly which: number }) {
    const model = this.model(queue);
    const origins = [...this.sent.keys()];
    const origin = model.messages[which]?.origin ?? origins[which % Math.max(1, origins.length)] ?? "";
    const sequence = model.messages.find((message) => message.origin === origin)?.sequence ?? 1e9;
    const messageId = this.sent.get(origin)?.messageId ?? "never sent";
    return { queue: nameOf(queue), model, messageId, sequence };
  }
}

export const isStranger = ({ text }: Pick<Held, "text">): boolean =>
  strangers.some((stranger) => stranger.text === text);
