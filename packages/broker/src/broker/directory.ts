/** From names to states: finds queues, topics and groups, and creates those that are asked for. */

import { decideConfigure } from "../queue/decide/configure.ts";
import type { Refused } from "../queue/refusals.ts";
import { refuse } from "../queue/refusals.ts";
import { defaultQueueSettings, type QueueSettings } from "../queue/settings.ts";
import { QueueState } from "../queue/state.ts";
import { decideConfigureTopic } from "../topic/decide/configure.ts";
import type { GroupState } from "../topic/group/state.ts";
import { defaultTopicSettings, type TopicSettings } from "../topic/settings.ts";
import { TopicState } from "../topic/state.ts";
import type { Refusal } from "./api.ts";
import type { Kind } from "./catalog.ts";
import type { Core } from "./core.ts";
import { refuseName } from "./names.ts";
import { type Change, inCatalog, inQueues, inTopics } from "./state.ts";

export interface DirectoryOptions {
  /** Whether using an unknown name creates it. */
  readonly autoCreate: boolean;
  /** Of queues and topics that do not say. */
  readonly durability: "synced" | "buffered";
  readonly nameCountMax: number;
}

export type Found<State> = { readonly ok: true; readonly state: State } | Refused<Refusal>;

export class Directory {
  readonly #core: Core;
  readonly #options: DirectoryOptions;

  constructor(core: Core, options: DirectoryOptions) {
    this.#core = core;
    this.#options = options;
  }

  /** Settings of a new queue where a request leaves them open. */
  get queueDefaults(): QueueSettings {
    return { ...defaultQueueSettings, durability: this.#options.durability };
  }

  get topicDefaults(): TopicSettings {
    return { ...defaultTopicSettings, durability: this.#options.durability };
  }

  /** The queue of that name. `use` creates it with the defaults when that is allowed. */
  queue(name: string, purpose: "use" | "look"): Found<QueueState> {
    const { state } = this.#core;
    const found = state.queue(state.catalog.find("queue", name)?.number ?? 0);
    if (found !== undefined) return { ok: true, state: found };
    if (purpose === "use" && this.#options.autoCreate) return this.createQueue(name, this.queueDefaults);
    return unknown("queue", name);
  }

  topic(name: string, purpose: "use" | "look"): Found<TopicState> {
    const { state } = this.#core;
    const found = state.topic(state.catalog.find("topic", name)?.number ?? 0);
    if (found !== undefined) return { ok: true, state: found };
    if (purpose === "use" && this.#options.autoCreate) return this.createTopic(name, this.topicDefaults);
    return unknown("topic", name);
  }

  /** Groups come to be by being used: they have no settings. */
  group(name: string, purpose: "use" | "look"): Found<GroupState> {
    const { state } = this.#core;
    const found = state.group(state.catalog.find("group", name)?.number ?? 0);
    if (found !== undefined) return { ok: true, state: found };
    if (purpose === "look") return refuse("unknown-group", `There is no group '${name}'.`);
    const refused = this.#refuseNew("group", name);
    if (refused !== undefined) return refused;
    const number = state.catalog.nextNumber;
    this.#commit([inCatalog({ kind: "named", what: "group", number, name })]);
    return this.group(name, "look");
  }

  /** Creates a queue that does not exist. It is there at once; whatever is answered about it settles after its creation. */
  createQueue(name: string, settings: QueueSettings): Found<QueueState> {
    const refused = this.#refuseNew("queue", name);
    if (refused !== undefined) return refused;
    const number = this.#core.state.catalog.nextNumber;
    const decided = decideConfigure(new QueueState(number), settings, this.#core.state);
    if (!decided.ok) return decided;
    this.#commit([inCatalog({ kind: "named", what: "queue", number, name }), ...inQueues(decided.records)]);
    return this.queue(name, "look");
  }

  createTopic(name: string, settings: TopicSettings): Found<TopicState> {
    const refused = this.#refuseNew("topic", name);
    if (refused !== undefined) return refused;
    const number = this.#core.state.catalog.nextNumber;
    const decided = decideConfigureTopic(new TopicState(number), settings);
    if (!decided.ok) return decided;
    this.#commit([inCatalog({ kind: "named", what: "topic", number, name }), ...inTopics(decided.records)]);
    return this.topic(name, "look");
  }

  #commit(changes: readonly Change[]): void {
    // Nobody waits for this append: what is answered next about the name is appended behind it and settles after it.
    this.#core.commitThen(changes, () => {});
  }

  #refuseNew(what: Kind, name: string): Refused<Refusal> | undefined {
    const { nameCountMax } = this.#options;
    if (this.#core.state.catalog.nameCount >= nameCountMax) {
      return refuse("limit-exceeded", `The broker takes ${nameCountMax} names of queues, topics and groups.`);
    }
    return this.#core.refusal("new") ?? refuseName(what, name);
  }
}

function unknown(what: "queue" | "topic", name: string): Refused<Refusal> {
  const refused = refuseName(what, name);
  if (refused !== undefined) return refused;
  return refuse(what === "queue" ? "unknown-queue" : "unknown-topic", `There is no ${what} '${name}'.`);
}
