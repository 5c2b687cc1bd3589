/**
 * Runs transcripts: text that reads as documentation and is held to be true. A line is a command and, behind an arrow, what it answers.
 *
 *     # A title begins a world of its own.
 *     create jobs visibility=30s dead-letter=jobs-dead max-receives=2
 *     send jobs "resize photo 7"        -> m1
 *     receive jobs max=2                -> m1 receives=1
 *     ack m1                            -> done
 *
 * Messages are m1, m2, ... in the order in which they were sent, and keep their names when they are moved. `ack m1` uses the receipt of
 * the newest delivery, `ack m1@1` that of the first. In `pass-unnoticed 30s` time passes and nothing that falls due is done. Durations are
 * 250ms, 30s, 10m, 12h or 7d. What a command answers is optional.
 */
import { equal, fail } from "node:assert/strict";
import {
  type Delivery,
  decideAck,
  decideConfigure,
  decideExtend,
  decideNack,
  decideReceive,
  decideSend,
  noAttributes,
  type QueueState,
  queueCounts,
  type Receipt,
  type Refused,
} from "../../src/queue/index.ts";
import { readyInOrder } from "./audit.ts";
import { QueueWorld } from "./queue-world.ts";

export interface Transcript {
  readonly title: string;
  readonly lines: readonly { readonly number: number; readonly text: string }[];
}

/** Cuts a file into transcripts: each begins with a line that starts with `#` behind an empty one. */
export function readTranscripts(text: string): readonly Transcript[] {
  const transcripts: { title: string; lines: { number: number; text: string }[] }[] = [];
  let blank = true;
  for (const [index, line] of text.split("\n").entries()) {
    if (line.startsWith("#")) {
      if (blank) transcripts.push({ title: line.slice(1).trim(), lines: [] });
    } else if (line.trim() !== "") {
      transcripts.at(-1)?.lines.push({ number: index + 1, text: line.trim() });
    }
    blank = line.trim() === "";
  }
  return transcripts;
}

export function runTranscript({ lines }: Transcript): void {
  const stage = new Stage();
  for (const { number, text } of lines) {
    const [command = "", expected] = text.split(/\s+->\s+/);
    const answer = stage.run(command);
    if (expected !== undefined) equal(answer, expected.replaceAll(/\s+/g, " "), `line ${number}: ${command}`);
    stage.world.audit();
  }
}

const utf8 = new TextEncoder();

const unitsMs = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

function durationMs(text: string): number {
  const [, amount, unit] = /^(-?\d+)(ms|s|m|h|d)$/.exec(text) ?? [];
  if (unit === undefined) return fail(`${text} is no duration`);
  return Number(amount) * unitsMs[unit as keyof typeof unitsMs];
}

class Stage {
  world = new QueueWorld();
  readonly #numbers = new Map<string, number>();
  /** By `queue/sequence` of where it was sent. */
  readonly #labels = new Map<string, string>();
  readonly #deliveries = new Map<string, { readonly queue: number; readonly receipt: Receipt }[]>();

  run(command: string): string {
    const body = /"([^"]*)"/.exec(command)?.[1];
    const words = command.replace(/"[^"]*"/, "").split(/\s+/);
    const verb = words[0] ?? "";
    const target = words.slice(1).find((word) => !word.includes("=")) ?? "";
    const options = new Map(
      words.filter((word) => word.includes("=")).map((word) => word.split("=") as [string, string]),
    );
    switch (verb) {
      case "create":
      case "configure":
        return this.#configure(verb, target, options);
      case "send": {
        const bytes = options.get("bytes");
        const sent = bytes === undefined ? utf8.encode(body) : new Uint8Array(Number(bytes));
        return this.#send(target, sent, Number(options.get("count") ?? 1));
      }
      case "receive":
        return this.#receive(target, options);
      case "ack":
        return this.#settle(target, (state, receipt) => decideAck(state, { receipt }, this.world.now));
      case "nack": {
        const delayMs = durationMs(options.get("delay") ?? "0s");
        const counts = options.get("counts") !== "no";
        return this.#settle(target, (state, receipt) =>
          decideNack(state, { receipt, delayMs, counts }, this.world.now, this.world),
        );
      }
      case "extend": {
        const visibilityTimeoutMs = durationMs(options.get("by") ?? "");
        return this.#settle(target, (state, receipt) =>
          decideExtend(state, { receipt, visibilityTimeoutMs }, this.world.now, this.world),
        );
      }
      case "advance":
        this.world.advance(durationMs(target));
        return "";
      case "pass-unnoticed":
        this.world.passUnnoticed(durationMs(target));
        return "";
      case "jump-wall":
        this.world.jumpWall(durationMs(target));
        return "";
      case "restart":
        this.world = target === "checkpoint" ? this.world.checkpointed() : this.world.restarted();
        this.world.advance(0);
        return "";
      case "lose":
        this.world.lose(this.#number(target));
        return "";
      case "ready":
        return this.#ready(target);
      case "counts": {
        const { ready, delayed, inFlight } = queueCounts(this.#queue(target));
        return `ready=${ready} delayed=${delayed} in-flight=${inFlight}`;
      }
      default:
        return fail(`${verb} is no command`);
    }
  }

  #number(name: string): number {
    return this.#numbers.get(name) ?? fail(`there is no queue ${name}`);
  }

  #queue(name: string): QueueState {
    return this.world.the(this.#number(name));
  }

  #configure(verb: string, name: string, options: ReadonlyMap<string, string>): string {
    if (verb === "create" && !this.#numbers.has(name)) {
      this.#numbers.set(name, this.#numbers.size + 1);
      this.world.create(this.#number(name));
    }
    const state = this.#queue(name);
    const [visibility, deadLetter, receives] = ["visibility", "dead-letter", "max-receives"].map((key) =>
      options.get(key),
    );
    const settings = {
      ...state.settings,
      ...(visibility !== undefined && { visibilityTimeoutMs: durationMs(visibility) }),
      ...(options.has("max-messages") && { messageCountMax: Number(options.get("max-messages")) }),
      ...(options.has("max-bytes") && { bodyBytesMax: Number(options.get("max-bytes")) }),
      ...(options.has("durability") && { durability: options.get("durability") as "memory" }),
      ...((deadLetter !== undefined || receives !== undefined) && {
        deadLetter: {
          queue:
            deadLetter === undefined
              ? (state.settings.deadLetter?.queue ?? 0)
              : (this.#numbers.get(deadLetter) ?? 0),
          receiveCountMax: Number(receives ?? state.settings.deadLetter?.receiveCountMax),
        },
      }),
    };
    return done(this.world.submit(decideConfigure(state, settings, this.world)));
  }

  #send(name: string, body: Uint8Array, count: number): string {
    const state = this.#queue(name);
    const messages = Array.from({ length: count }, () => ({ body, attributes: noAttributes }));
    const reply = this.world.submit(decideSend(state, { messages }, this.world.now));
    if ("refusal" in reply) return done(reply);
    const labels = messages.map((_, i) => {
      const label = `m${this.#labels.size + 1}`;
      this.#labels.set(`${state.number}/${reply.firstSequence + i}`, label);
      return label;
    });
    return labels.join(", ");
  }

  #receive(name: string, options: ReadonlyMap<string, string>): string {
    const state = this.#queue(name);
    const visibility = options.get("visibility");
    const command = {
      max: Number(options.get("max") ?? 1),
      ...(visibility !== undefined && { visibilityTimeoutMs: durationMs(visibility) }),
    };
    const reply = this.world.submit(decideReceive(state, command, this.world.now, this.world));
    if ("refusal" in reply) return done(reply);
    const told = reply.deliveries.map((delivery) => this.#tell(state, delivery));
    return told.length === 0 ? "nothing" : told.join(", ");
  }

  #tell(state: QueueState, delivery: Delivery): string {
    const { provenance } = delivery;
    const label = this.#label(state.number, delivery.sequence, provenance);
    const deliveries = this.#deliveries.get(label) ?? [];
    deliveries.push({ queue: state.number, receipt: { sequence: delivery.sequence, lease: delivery.lease } });
    this.#deliveries.set(label, deliveries);
    const from = [...this.#numbers].find(([, number]) => number === provenance?.from)?.[0];
    const moved = provenance && ` from=${from} reason=${provenance.reason} after=${provenance.receiveCount}`;
    return `${label} receives=${delivery.receiveCount}${moved ?? ""}`;
  }

  #label(queue: number, sequence: number, provenance: Delivery["provenance"]): string {
    const sent = provenance
      ? `${provenance.originQueue}/${provenance.originSequence}`
      : `${queue}/${sequence}`;
    return this.#labels.get(sent) ?? `a stranger (${sent})`;
  }

  #settle(
    target: string,
    decide: (state: QueueState, receipt: Receipt) => Parameters<QueueWorld["submit"]>[0],
  ): string {
    const [label = "", which] = target.split("@");
    const deliveries = this.#deliveries.get(label) ?? [];
    const delivery = which === undefined ? deliveries.at(-1) : deliveries[Number(which) - 1];
    if (delivery === undefined) return fail(`${target} was never received`);
    return done(this.world.submit(decide(this.world.the(delivery.queue), delivery.receipt)));
  }

  #ready(name: string): string {
    const state = this.#queue(name);
    const labels = readyInOrder(state, this.world.now).map((sequence) => {
      const slot = state.index.find(sequence);
      return this.#label(state.number, sequence, state.messages.provenance.get(slot));
    });
    return labels.length === 0 ? "nothing" : labels.join(", ");
  }
}

const done = (reply: unknown): string => {
  const refused = reply as Partial<Refused<string>>;
  return refused.refusal === undefined ? "done" : `refused ${refused.refusal}`;
};
