/** Queues as things that exist: creating, describing, changing and deleting them. */
import { queueAges, queueCounts } from "../queue/counts.ts";
import { decideConfigure } from "../queue/decide/configure.ts";
import { type Refused, refuse } from "../queue/refusals.ts";
import type { QueueSettings } from "../queue/settings.ts";
import type { QueueState } from "../queue/state.ts";
import type {
  ConfigureQueueRequest,
  CreateQueueRequest,
  Durable,
  QueueDescription,
  QueueSettingsRequest,
  Refusal,
  Result,
} from "./api.ts";
import type { Core } from "./core.ts";
import type { Directory } from "./directory.ts";
import { alreadyThere, differing } from "./existing.ts";
import { inCatalog, inQueues } from "./state.ts";

export class QueueDescriptions {
  readonly #core: Core;
  readonly #directory: Directory;

  constructor(core: Core, directory: Directory) {
    this.#core = core;
    this.#directory = directory;
  }

  async create(request: CreateQueueRequest): Promise<Result<{ readonly created: boolean }>> {
    const refused = this.#core.refusal("new");
    if (refused !== undefined) return refused;
    const settings = this.#settings(request, this.#directory.queueDefaults);
    if ("refusal" in settings) return settings;
    const existing = this.#directory.queue(request.queue, "look");
    if (existing.ok) {
      const different = differing(existing.state.settings, settings);
      if (different !== undefined) return alreadyThere("queue", request.queue, different);
      return (await this.#core.commit([])) ?? { ok: true, created: false };
    }
    const made = this.#directory.createQueue(request.queue, settings);
    if (!made.ok) return made;
    return (await this.#core.commit([])) ?? { ok: true, created: true };
  }

  async describe(name: string): Promise<Result<{ readonly description: QueueDescription }>> {
    const found = this.#directory.queue(name, "look");
    if (!found.ok) return found;
    const description = this.#describe(name, found.state);
    return (await this.#core.commit([])) ?? { ok: true, description };
  }

  async configure(request: ConfigureQueueRequest): Promise<Result<Durable>> {
    const refused = this.#core.refusal("new");
    if (refused !== undefined) return refused;
    const found = this.#directory.queue(request.queue, "look");
    if (!found.ok) return found;
    const before = found.state.settings;
    const settings = this.#settings(request, before);
    if ("refusal" in settings) return settings;
    if (settings.durability !== before.durability) {
      return refuse(
        "invalid-setting",
        `The durability of '${request.queue}' is ${before.durability} and stays so: what is in the queue rests on it.`,
      );
    }
    const decided = decideConfigure(found.state, settings, this.#core.state);
    if (!decided.ok) return decided;
    const failed = await this.#core.commit(inQueues(decided.records));
    return failed ?? { ok: true, durability: this.#core.durability("synced") };
  }

  /** Emptied in the same append, so that whoever still holds its state finds nothing there. */
  async delete(name: string): Promise<Result<Durable>> {
    const refused = this.#core.refusal("new");
    if (refused !== undefined) return refused;
    const found = this.#directory.queue(name, "look");
    if (!found.ok) return found;
    const { number } = found.state;
    const failed = await this.#core.commit([
      ...inQueues([{ owner: number, record: { kind: "purged" } }]),
      inCatalog({ kind: "removed", number }),
    ]);
    return failed ?? { ok: true, durability: this.#core.durability("synced") };
  }

  #describe(name: string, state: QueueState): QueueDescription {
    const { settings, paused } = state;
    const { deadLetter } = settings;
    return {
      ...settings,
      queue: name,
      paused,
      deadLetter: deadLetter && {
        queue: this.#core.state.catalog.entry(deadLetter.queue)?.name ?? "",
        receiveCountMax: deadLetter.receiveCountMax,
      },
      durability: this.#core.durability(settings.durability),
      ...queueCounts(state),
      ...queueAges(state, this.#core.now()),
    };
  }

  /** A dead-letter queue that does not exist is created, like every name that is used for the first time. */
  #settings(request: QueueSettingsRequest, before: QueueSettings): QueueSettings | Refused<Refusal> {
    let { deadLetter } = before;
    if (request.deadLetter === null) deadLetter = undefined;
    if (request.deadLetter) {
      const target = this.#directory.queue(request.deadLetter.queue, "use");
      if (!target.ok) return target;
      deadLetter = { queue: target.state.number, receiveCountMax: request.deadLetter.receiveCountMax };
    }
    const settings: QueueSettings = {
      visibilityTimeoutMs: request.visibilityTimeoutMs ?? before.visibilityTimeoutMs,
      delayMs: request.delayMs ?? before.delayMs,
      timeToLiveMs: request.timeToLiveMs ?? before.timeToLiveMs,
      onExpiry: request.onExpiry ?? before.onExpiry,
      retry: { ...before.retry, ...request.retry },
      deadLetter,
      parkAfterReceives: request.parkAfterReceives ?? before.parkAfterReceives,
      priorityAgingMs: request.priorityAgingMs ?? before.priorityAgingMs,
      deduplication: request.deduplication ?? before.deduplication,
      deduplicationWindowMs: request.deduplicationWindowMs ?? before.deduplicationWindowMs,
      inFlightMax: request.inFlightMax ?? before.inFlightMax,
      startsPerSecondMax: request.startsPerSecondMax ?? before.startsPerSecondMax,
      messageCountMax: request.messageCountMax ?? before.messageCountMax,
      bodyBytesMax: request.bodyBytesMax ?? before.bodyBytesMax,
      overflow: request.overflow ?? before.overflow,
      durability: request.durability ?? before.durability,
    };
    return settings;
  }
}
