/** Sends: messages become commands, what is decided is committed, and the answer waits until it has settled. */
import { createHash } from "node:crypto";
import type { OutgoingMessage, Sent } from "../queue/commands.ts";
import { decideSend } from "../queue/decide/send.ts";
import type { MessageSequence } from "../queue/message.ts";
import type { QueueSettings } from "../queue/settings.ts";
import type { Durable, Result, SendRequest } from "./api.ts";
import { refuseBatch } from "./batch.ts";
import type { Core } from "./core.ts";
import type { Directory } from "./directory.ts";
import { messageId } from "./ids.ts";
import { remembered, repeated } from "./repeats.ts";
import { inQueues } from "./state.ts";
import type { Statistics } from "./statistics.ts";

/** What a send was given: the message at `i` is, or repeats, the one with the sequence `sequences(i)` of queue `number`. */
export interface Put extends Durable {
  readonly number: number;
  readonly sequences: SequenceOf;
}

/** The sequence by the place of a message in its send. */
export type SequenceOf = (place: number) => MessageSequence;

export class QueueSends {
  readonly #core: Core;
  readonly #directory: Directory;
  readonly #statistics: Statistics;

  constructor(core: Core, directory: Directory, statistics: Statistics) {
    this.#core = core;
    this.#directory = directory;
    this.#statistics = statistics;
  }

  async send(request: SendRequest): Promise<Result<{ readonly messageIds: readonly string[] } & Durable>> {
    const put = await this.put(request);
    if (!put.ok) return put;
    const { number, sequences, durability } = put;
    const messageIds = request.messages.map((_, i) => messageId(this.#core.salt, number, sequences(i)));
    return { ok: true, messageIds, durability };
  }

  /** A send, answered with the numbers that its ids are made of. */
  async put({ queue, messages: given, producer }: SendRequest): Promise<Result<Put>> {
    const refused = this.#core.refusal("new");
    if (refused !== undefined) return refused;
    const found = this.#directory.queue(queue, "use");
    if (!found.ok) return found;
    const { number, settings } = found.state;
    const durability = this.#core.durability(settings.durability);
    const repeat = repeated(this.#core, producer);
    if (repeat !== undefined) {
      if ("refusal" in repeat) return repeat;
      const { sent } = repeat;
      const answer = { number: sent[0]?.queue ?? number, sequences: sequencesOfRuns(sent), durability };
      return (await this.#core.commit([])) ?? { ok: true, ...answer };
    }
    const tooMuch =
      this.#core.refuseGrowth(settings.durability) ??
      refuseBatch(given, this.#core.memory(settings.durability === "memory"));
    if (tooMuch !== undefined) return tooMuch;
    const messages = withContentIds(given, settings);
    const now = this.#core.now();
    const decided = decideSend(found.state, { messages }, now);
    if (!decided.ok) return decided;
    const sequences = sequencesOf(decided.reply, messages.length);
    const changes = inQueues(decided.records);
    if (producer !== undefined) {
      const answer = { sent: runsOfSequences(number, sequences, messages.length), published: [] };
      changes.push(...remembered(producer, answer, settings.durability));
    }
    const failed = await this.#core.commit(changes, now);
    if (failed !== undefined) return failed;
    const { size: duplicates } = decided.reply.duplicates;
    this.#statistics.count("send", messages.length - duplicates);
    this.#statistics.count("duplicate", duplicates);
    return { ok: true, number, sequences, durability };
  }
}

/** The messages, each with the id that its content gives it where the queue wants that and it has none (Q9). */
export function withContentIds(
  messages: readonly OutgoingMessage[],
  { deduplication }: QueueSettings,
): readonly OutgoingMessage[] {
  if (deduplication !== "by-content") return messages;
  return messages.map((message) => {
    if (message.deduplicationId !== undefined) return message;
    return { ...message, deduplicationId: createHash("sha256").update(message.body).digest("base64url") };
  });
}

export function sequencesOf({ firstSequence, duplicates }: Sent, count: number): SequenceOf {
  if (duplicates.size === 0) return (place) => firstSequence + place;
  let next = firstSequence;
  const sequences = Array.from({ length: count }, (_, place) => duplicates.get(place) ?? next++);
  return (place) => sequences[place] ?? 0;
}

/** Consecutive sequences in one queue. */
export interface SequenceRun {
  readonly queue: number;
  readonly firstSequence: MessageSequence;
  readonly count: number;
}

/** The sequences of a send, as runs in its order. */
export function runsOfSequences(queue: number, sequences: SequenceOf, count: number): readonly SequenceRun[] {
  const runs: { queue: number; firstSequence: MessageSequence; count: number }[] = [];
  for (let place = 0; place < count; place++) {
    const sequence = sequences(place);
    const last = runs.at(-1);
    if (last !== undefined && last.firstSequence + last.count === sequence) last.count++;
    else runs.push({ queue, firstSequence: sequence, count: 1 });
  }
  return runs;
}

function sequencesOfRuns(runs: readonly SequenceRun[]): SequenceOf {
  const [first] = runs;
  if (runs.length < 2) return (place) => (first?.firstSequence ?? 0) + place;
  const sequences = runs.flatMap(sequencesOfRun);
  return (place) => sequences[place] ?? 0;
}

export const sequencesOfRun = ({ firstSequence, count }: SequenceRun): readonly MessageSequence[] =>
  Array.from({ length: count }, (_, i) => firstSequence + i);
