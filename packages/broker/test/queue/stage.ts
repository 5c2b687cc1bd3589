/** What transcripts are played on: queues by name, messages by label, and the commands. */
import { fail } from "node:assert/strict";
import {
  browse,
  type Delivery,
  decideAck,
  decideCancel,
  decideCancelRedrive,
  decideConfigure,
  decideExtend,
  decideNack,
  decidePause,
  decidePurge,
  decideReceive,
  decideRedriveOne,
  decideReschedule,
  decideSend,
  decideStartRedrive,
  noAttributes,
  type QueueState,
  queueAges,
  queueCounts,
  type Receipt,
  type Refused,
} from "../../src/queue/index.ts";
import { readyInOrder } from "./audit.ts";
import { QueueWorld } from "./queue-world.ts";
import { changed, durationMs, durationText, type Options } from "./stage-settings.ts";

const utf8 = new TextEncoder();

interface Line {
  readonly verb: string;
  /** What stands behind the verb and is no option: a queue, then a message or a number. */
  readonly target: string;
  readonly second: string;
  readonly options: Options;
  readonly quoted: string | undefined;
}

function parse(command: string): Line {
  const quoted = /"([^"]*)"/.exec(command)?.[1];
  const [verb = "", ...words] = command.replace(/"[^"]*"/, "").split(/\s+/);
  const [target = "", second = ""] = words.filter((word) => !word.includes("="));
  const options = words
    .filter((word) => word.includes("="))
    .map((word) => word.split("=") as [string, string]);
  return { verb, target, second, options: new Map(options), quoted };
}

export class Stage {
  world = new QueueWorld();
  readonly #numbers = new Map<string, number>();
  /** By `queue/sequence` of where it was sent. */
  readonly #labels = new Map<string, string>();
  readonly #deliveries = new Map<string, { readonly queue: number; readonly receipt: Receipt }[]>();

  run(command: string): string {
    const line = parse(command);
    const { verb, target, second, options, quoted } = line;
    const { world } = this;
    const { now } = world;
    switch (verb) {
      case "create":
      case "configure":
        return this.#configure(verb, target, options);
      case "send":
        return this.#send(line);
      case "receive":
        return this.#receive(target, options);
      case "ack":
        return this.#settle(target, (state, receipt) => decideAck(state, { receipt }, now));
      case "nack": {
        const delay = options.get("delay");
        const delayMs = delay === undefined ? undefined : durationMs(delay);
        const counts = options.get("counts") !== "no";
        const ask = { delayMs, counts, ...(quoted !== undefined && { error: quoted }) };
        return this.#settle(target, (state, receipt) => decideNack(state, { receipt, ...ask }, now, world));
      }
      case "extend": {
        const visibilityTimeoutMs = durationMs(options.get("by") ?? "");
        return this.#settle(target, (state, receipt) =>
          decideExtend(state, { receipt, visibilityTimeoutMs }, now, world),
        );
      }
      case "cancel":
        return this.#done(decideCancel(this.#queue(target), { sequence: this.#sequence(target, second) }));
      case "reschedule": {
        const delayMs = durationMs(options.get("delay") ?? "");
        const ask = { sequence: this.#sequence(target, second), delayMs };
        return this.#done(decideReschedule(this.#queue(target), ask, now));
      }
      case "pause":
      case "resume":
        return this.#done(decidePause(this.#queue(target), verb === "pause"));
      case "purge": {
        const reply = world.submit(decidePurge(this.#queue(target)));
        return "refusal" in reply ? reply.refusal : `purged ${reply.purged}`;
      }
      case "redrive": {
        const to = this.#optionalQueue(options.get("to"));
        const perSecondMax = Number(options.get("per-second") ?? Number.POSITIVE_INFINITY);
        const reply = world.submit(decideStartRedrive(this.#queue(target), { to, perSecondMax }, now, world));
        return "refusal" in reply ? `refused ${reply.refusal}` : `redrive ${reply.task} of ${reply.total}`;
      }
      case "redrive-one": {
        const ask = { sequence: this.#sequence(target, second), to: this.#optionalQueue(options.get("to")) };
        return this.#done(decideRedriveOne(this.#queue(target), ask, now, world));
      }
      case "cancel-redrive":
        return this.#done(decideCancelRedrive(this.#queue(target), Number(second), now));
      case "advance":
        world.advance(durationMs(target));
        return "";
      case "pass-unnoticed":
        world.passUnnoticed(durationMs(target));
        return "";
      case "jump-wall":
        world.jumpWall(durationMs(target));
        return "";
      case "restart":
        this.world = target === "checkpoint" ? world.checkpointed() : world.restarted();
        this.world.advance(0);
        return "";
      case "lose":
        world.lose(this.#number(target));
        return "";
      default:
        return this.#look(line);
    }
  }

  /** What only looks. */
  #look({ verb, target, options }: Line): string {
    const state = this.#queue(target);
    const { now } = this.world;
    switch (verb) {
      case "ready":
        return list(readyInOrder(state, now).map((sequence) => this.#label(state, sequence)));
      case "counts": {
        const { ready, delayed, inFlight, parked } = queueCounts(state);
        return `ready=${ready} delayed=${delayed} in-flight=${inFlight}${parked > 0 ? ` parked=${parked}` : ""}`;
      }
      case "ages": {
        const { oldestReadyMs, oldestInFlightMs, oldestParkedMs } = queueAges(state, now);
        const told = { ready: oldestReadyMs, "in-flight": oldestInFlightMs, parked: oldestParkedMs };
        return list(
          Object.entries(told).flatMap(([name, ms]) =>
            ms === undefined ? [] : `${name}=${durationText(ms)}`,
          ),
          " ",
        );
      }
      case "browse": {
        const what = options.get("what") === "dead-letters" ? "dead-letters" : "all";
        const after = options.get("after");
        const afterSequence = after === undefined ? 0 : this.#sequence(target, after);
        const found = browse(state, { afterSequence, max: Number(options.get("max") ?? 100), what });
        return list(
          found.map(({ sequence, phase, dueMs, parked, lastError, priority }) => {
            const due = dueMs === undefined ? "" : ` due=${durationText(dueMs - now.monotonicMs)}`;
            const why = parked === undefined ? "" : ` reason=${parked.reason}`;
            const error = lastError === "" ? "" : ` error=${lastError.replaceAll(" ", "-")}`;
            const urgency = priority === 0 ? "" : ` priority=${priority}`;
            return `${this.#label(state, sequence)} ${phase}${due}${urgency}${why}${error}`;
          }),
        );
      }
      case "redrives":
        return list(
          state.redrives.tasks.map(
            ({ task, status, moved, total }) => `${task} ${status} ${moved} of ${total}`,
          ),
        );
      default:
        return fail(`${verb} is no command`);
    }
  }

  #number(name: string): number {
    return this.#numbers.get(name) ?? fail(`there is no queue ${name}`);
  }

  /** A queue that was never made has a number that no queue has. */
  #optionalQueue(name: string | undefined): number | undefined {
    return name === undefined ? undefined : (this.#numbers.get(name) ?? 1000);
  }

  #queue(name: string): QueueState {
    return this.world.the(this.#number(name));
  }

  #configure(verb: string, name: string, options: Options): string {
    if (verb === "create" && !this.#numbers.has(name)) {
      this.#numbers.set(name, this.#numbers.size + 1);
      this.world.create(this.#number(name));
    }
    const state = this.#queue(name);
    const settings = changed(state.settings, options, (one) => this.#numbers.get(one));
    return this.#done(decideConfigure(state, settings, this.world));
  }

  #send({ target, options, quoted }: Line): string {
    const state = this.#queue(target);
    const bytes = options.get("bytes");
    const body = bytes === undefined ? utf8.encode(quoted) : new Uint8Array(Number(bytes));
    const [delay, timeToLive, priority] = [
      options.get("delay"),
      options.get("time-to-live"),
      options.get("priority"),
    ];
    const message = {
      body,
      attributes: noAttributes,
      delayMs: delay === undefined ? undefined : durationMs(delay),
      timeToLiveMs: timeToLive === undefined ? undefined : durationMs(timeToLive),
      priority: priority === undefined ? undefined : Number(priority),
      groupId: options.get("group"),
      deduplicationId: options.get("id"),
    };
    const messages = Array.from({ length: Number(options.get("count") ?? 1) }, () => message);
    const reply = this.world.submit(decideSend(state, { messages }, this.world.now));
    if ("refusal" in reply) return `refused ${reply.refusal}`;
    let next = reply.firstSequence;
    return list(
      messages.map((_, i) => {
        const first = reply.duplicates.get(i);
        if (first !== undefined) return `again ${this.#labels.get(`${state.number}/${first}`)}`;
        const label = `m${this.#labels.size + 1}`;
        this.#labels.set(`${state.number}/${next++}`, label);
        return label;
      }),
    );
  }

  #receive(name: string, options: Options): string {
    const state = this.#queue(name);
    const [visibility, bytes] = [options.get("visibility"), options.get("max-bytes")];
    const command = {
      max: Number(options.get("max") ?? 1),
      ...(bytes !== undefined && { bytesMax: Number(bytes) }),
      ...(visibility !== undefined && { visibilityTimeoutMs: durationMs(visibility) }),
    };
    const reply = this.world.submit(decideReceive(state, command, this.world.now, this.world));
    if ("refusal" in reply) return `refused ${reply.refusal}`;
    return list(reply.deliveries.map((delivery) => this.#tell(state, delivery)));
  }

  #tell(state: QueueState, delivery: Delivery): string {
    const { sequence, lease, receiveCount, provenance } = delivery;
    // Before it is applied the message is where its label can be read; after that it still is.
    const label = this.#labelOf(state.number, sequence, provenance);
    const deliveries = this.#deliveries.get(label) ?? [];
    deliveries.push({ queue: state.number, receipt: { sequence, lease } });
    this.#deliveries.set(label, deliveries);
    const from = [...this.#numbers].find(([, number]) => number === provenance?.from)?.[0];
    const moved = provenance && ` from=${from} reason=${provenance.reason} after=${provenance.receiveCount}`;
    const error = provenance?.lastError ? ` error=${provenance.lastError.replaceAll(" ", "-")}` : "";
    return `${label} receives=${receiveCount}${moved ?? ""}${error}`;
  }

  #label(state: QueueState, sequence: number): string {
    const slot = state.index.find(sequence);
    return this.#labelOf(state.number, sequence, state.messages.provenance.get(slot));
  }

  #labelOf(queue: number, sequence: number, provenance: Delivery["provenance"]): string {
    const sent = provenance
      ? `${provenance.originQueue}/${provenance.originSequence}`
      : `${queue}/${sequence}`;
    return this.#labels.get(sent) ?? `a stranger (${sent})`;
  }

  /** The sequence of a message in this queue; one that no message ever had when it is not there. */
  #sequence(queue: string, label: string): number {
    const state = this.#queue(queue);
    const slot = [...state.messages].find(
      (one) => this.#label(state, state.messages.sequence[one] as number) === label,
    );
    return slot === undefined ? 1_000_000 : (state.messages.sequence[slot] as number);
  }

  #settle(
    target: string,
    decide: (state: QueueState, receipt: Receipt) => Parameters<QueueWorld["submit"]>[0],
  ): string {
    const [label = "", which] = target.split("@");
    const deliveries = this.#deliveries.get(label) ?? [];
    const delivery = which === undefined ? deliveries.at(-1) : deliveries[Number(which) - 1];
    if (delivery === undefined) return fail(`${target} was never received`);
    return this.#done(decide(this.world.the(delivery.queue), delivery.receipt));
  }

  #done(decision: Parameters<QueueWorld["submit"]>[0]): string {
    const { refusal } = this.world.submit(decision) as Partial<Refused<string>>;
    return refusal === undefined ? "done" : `refused ${refusal}`;
  }
}

const list = (told: readonly string[], separator = ", "): string =>
  told.length === 0 ? "nothing" : told.join(separator);
