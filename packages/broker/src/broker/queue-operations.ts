/** What operators do: purge and pause queues, browse them, cancel, reschedule and redrive messages. */
import { browse, browseOne, type BrowsedMessage as Found } from "../queue/browse.ts";
import type { QueueDecision } from "../queue/decide/decision.ts";
import { decideCancel, decidePause, decidePurge, decideReschedule } from "../queue/decide/manage.ts";
import { decideCancelRedrive, decideRedriveOne, decideStartRedrive } from "../queue/decide/redrive.ts";
import type { RedriveFacts } from "../queue/redrive-task.ts";
import { type Refused, refuse } from "../queue/refusals.ts";
import type { QueueState } from "../queue/state.ts";
import type {
  Browsed,
  BrowsedMessage,
  BrowseRequest,
  Durable,
  MessageRequest,
  QueueOperationsApi,
  Redrive,
  Refusal,
  Result,
  StartRedriveRequest,
} from "./api.ts";
import { refuseCount } from "./batch.ts";
import type { Core } from "./core.ts";
import type { Directory } from "./directory.ts";
import { messageId } from "./ids.ts";
import { movedFromOf } from "./moved-from.ts";
import type { QueueBodies } from "./queue-bodies.ts";
import { findMessage } from "./queue-lookup.ts";
import { inQueues } from "./state.ts";
import type { Statistics } from "./statistics.ts";

/** All bodies of an answer: more would be too much for one. */
const browsedBytesMax = 8 * 1024 * 1024;

/** The last instant that a `Date` can be, in milliseconds since the Unix epoch (ECMA-262 §21.4.1.1). */
const dateMsMax = 8.64e15;

export class QueueOperations implements Omit<QueueOperationsApi, "configureQueue" | "deleteQueue"> {
  readonly #core: Core;
  readonly #directory: Directory;
  readonly #bodies: QueueBodies;
  readonly #statistics: Statistics;

  constructor(core: Core, directory: Directory, bodies: QueueBodies, statistics: Statistics) {
    this.#core = core;
    this.#statistics = statistics;
    this.#directory = directory;
    this.#bodies = bodies;
  }

  purgeQueue(queue: string): Promise<Result<{ readonly purged: number } & Durable>> {
    return this.#change(
      queue,
      (state) => decidePurge(state),
      ({ purged }) => {
        this.#statistics.count("purge", purged);
        return { purged };
      },
    );
  }

  pauseQueue({
    queue,
    paused,
  }: {
    readonly queue: string;
    readonly paused: boolean;
  }): Promise<Result<Durable>> {
    return this.#change(queue, (state) => decidePause(state, paused));
  }

  cancelMessage({ queue, messageId: id }: MessageRequest): Promise<Result<Durable>> {
    return this.#changeMessage(queue, id, (state, sequence) => decideCancel(state, { sequence }));
  }

  rescheduleMessage({
    queue,
    messageId: id,
    delayMs,
  }: MessageRequest & { readonly delayMs: number }): Promise<Result<Durable>> {
    return this.#changeMessage(queue, id, (state, sequence) =>
      decideReschedule(state, { sequence, delayMs }, this.#core.now()),
    );
  }

  async redriveMessage({
    queue,
    messageId: id,
    to: target,
  }: MessageRequest & { readonly to?: string | undefined }): Promise<Result<Durable>> {
    const to = this.#target(target);
    if (typeof to === "object") return to;
    return this.#changeMessage(queue, id, (state, sequence) =>
      decideRedriveOne(state, { sequence, to }, this.#core.now(), this.#core.state),
    );
  }

  async startRedrive(request: StartRedriveRequest): Promise<Result<{ readonly redrive: Redrive } & Durable>> {
    const to = this.#target(request.to);
    if (typeof to === "object") return to;
    const command = { to, perSecondMax: request.perSecondMax ?? Number.POSITIVE_INFINITY };
    return this.#change(
      request.queue,
      (state) => decideStartRedrive(state, command, this.#core.now(), this.#core.state),
      (facts) => ({ redrive: this.#redrive(facts) }),
    );
  }

  cancelRedrive({
    queue,
    redrive,
  }: {
    readonly queue: string;
    readonly redrive: number;
  }): Promise<Result<Durable>> {
    return this.#change(queue, (state) => decideCancelRedrive(state, redrive, this.#core.now()));
  }

  async listRedrives(queue: string): Promise<Result<{ readonly redrives: readonly Redrive[] }>> {
    const found = this.#directory.queue(queue, "look");
    if (!found.ok) return found;
    const redrives = found.state.redrives.tasks.map((facts) => this.#redrive(facts));
    return (await this.#core.commit([])) ?? { ok: true, redrives };
  }

  async browseQueue(request: BrowseRequest): Promise<Result<Browsed>> {
    const { queue, after, max, what, bytesMax = browsedBytesMax } = request;
    const found = this.#directory.queue(queue, "look");
    if (!found.ok) return found;
    const afterSequence = after === undefined ? 0 : Number(after);
    if (!Number.isSafeInteger(afterSequence) || afterSequence < 0) {
      return refuse("invalid-setting", `'${after?.slice(0, 60)}' is no place in a queue to go on from.`);
    }
    const refused = refuseCount("max", max);
    if (refused !== undefined) return refused;
    const state = found.state;
    const seen = browse(state, { afterSequence, max, what });
    const failed = await this.#core.commit([]);
    if (failed !== undefined) return failed;
    const messages: BrowsedMessage[] = [];
    let last: Found | undefined;
    let bytes = 0;
    for (const each of seen) {
      bytes += each.body.byteLength;
      if (bytes > Math.min(bytesMax, browsedBytesMax) && messages.length > 0) break;
      const body = await this.#bodies.read(state, each);
      if (body !== undefined && "refusal" in body) return body;
      last = each;
      if (body !== undefined) messages.push(this.#browsed(state, each, body));
    }
    const isAll = seen.length < max && last === seen.at(-1);
    return { ok: true, messages, next: isAll || last === undefined ? undefined : String(last.sequence) };
  }

  async browseMessage({
    queue,
    messageId: id,
  }: MessageRequest): Promise<Result<{ readonly message: BrowsedMessage }>> {
    const found = this.#directory.queue(queue, "look");
    if (!found.ok) return found;
    const sequence = findMessage(this.#core, found.state, id);
    if (typeof sequence === "object") return sequence;
    const seen = browseOne(found.state, sequence);
    const failed = await this.#core.commit([]);
    if (failed !== undefined) return failed;
    const body = seen && (await this.#bodies.read(found.state, seen));
    if (seen === undefined || body === undefined) {
      return refuse("unknown-message", `The queue has no message '${id.slice(0, 60)}'.`);
    }
    if ("refusal" in body) return body;
    return { ok: true, message: this.#browsed(found.state, seen, body) };
  }

  /** The number of a queue that messages are to go to; undefined when none is named. */
  #target(name: string | undefined): number | Refused<Refusal> | undefined {
    if (name === undefined) return undefined;
    const found = this.#directory.queue(name, "look");
    return found.ok ? found.state.number : found;
  }

  #changeMessage(
    queue: string,
    id: string,
    decide: (state: QueueState, sequence: number) => QueueDecision<unknown>,
  ): Promise<Result<Durable>> {
    return this.#change(queue, (state) => {
      const sequence = findMessage(this.#core, state, id);
      return typeof sequence === "number" ? decide(state, sequence) : sequence;
    });
  }

  /** Taken while the broker drains: what an operator takes away is work less. */
  async #change<Reply, Answer extends object = object>(
    name: string,
    decide: (state: QueueState) => QueueDecision<Reply>,
    answer?: (reply: Reply) => Answer,
  ): Promise<Result<Answer & Durable>> {
    const refused = this.#core.refusal("finishing");
    if (refused !== undefined) return refused;
    const found = this.#directory.queue(name, "look");
    if (!found.ok) return found;
    const decided = decide(found.state);
    if (!decided.ok) return decided;
    const failed = await this.#core.commit(inQueues(decided.records));
    if (failed !== undefined) return failed;
    const durability = this.#core.durability(found.state.settings.durability);
    return { ok: true, durability, ...(answer?.(decided.reply) ?? ({} as Answer)) };
  }

  #redrive(facts: RedriveFacts): Redrive {
    const { catalog } = this.#core.state;
    return {
      redrive: facts.task,
      to: facts.to === undefined ? undefined : (catalog.entry(facts.to)?.name ?? ""),
      perSecondMax: facts.perSecondMax === Number.POSITIVE_INFINITY ? undefined : facts.perSecondMax,
      status: facts.status,
      total: facts.total,
      moved: facts.moved,
      startedAtMs: facts.startedAtWallMs,
      endedAtMs: facts.status === "running" ? undefined : facts.endedAtWallMs,
    };
  }

  #browsed(queue: QueueState, found: Found, body: Uint8Array): BrowsedMessage {
    const { wallMs, monotonicMs } = this.#core.now();
    // What lies behind the last day of any calendar does not come: no protocol could say when.
    const wall = (atMs: number | undefined) => {
      const atWallMs = wallMs + (atMs ?? Number.POSITIVE_INFINITY) - monotonicMs;
      return atWallMs <= dateMsMax ? atWallMs : undefined;
    };
    const { provenance, parked } = found;
    const [origin, sequence] = [
      provenance?.originQueue ?? queue.number,
      provenance?.originSequence ?? found.sequence,
    ];
    return {
      messageId: messageId(this.#core.salt, origin, sequence),
      cursor: String(found.sequence),
      state: found.phase,
      dueAtMs: wall(found.dueMs),
      expiresAtMs: wall(found.expiresAtMs),
      body,
      attributes: found.attributes,
      receiveCount: found.receiveCount,
      enqueuedAtMs: provenance?.originEnqueuedAtMs ?? found.enqueuedAtMs,
      priority: found.priority,
      groupId: found.groupId,
      lastError: found.lastError,
      parked: parked && { reason: parked.reason, atMs: parked.atWallMs },
      movedFrom: movedFromOf(this.#core.state.catalog, provenance),
    };
  }
}
