/** A shop that serves whoever the waiting room lets in, over Sluice's HTTP API. */
import { type Clock, type Random, uuidv7, waitFor } from "@sluice/runtime";
import { Gate } from "./gate.ts";

export interface ShopOptions {
  /** Where Sluice listens, e.g. `http://127.0.0.1:8080`. */
  readonly url: string;
  /** How long a customer takes on average, in milliseconds. */
  readonly thinkMs: number;
  /** Shares of the checkouts that are paid and that fail, from 0 to 1; the rest expires. */
  readonly shares: { readonly completed: number; readonly failed: number };
  /** Ends after so many checkouts. */
  readonly countMax: number;
  readonly clock: Clock;
  readonly random: Random;
  /** Takes one line for people. */
  readonly say: (line: string) => void;
}

/** QUEUE_READY, as docs/waiting-room.md has it. */
interface Ready {
  readonly session_id: string;
  readonly user_id: string;
  readonly event_id: string;
  readonly checkout_token: string;
  readonly expires_at: string;
}

interface TopicRecord {
  readonly offset: number;
  readonly body: string;
}

/** Pause before trying again when Sluice does not answer, or when nobody has been admitted yet. */
const retryMs = 1_000;
/** How long one request waits for somebody to be admitted. */
const waitSeconds = 10;

export class Shop {
  readonly #options: ShopOptions;
  readonly #gate: Gate;
  readonly #done = new AbortController();
  #count = 0;

  constructor(options: ShopOptions) {
    this.#options = options;
    this.#gate = new Gate(options.url, options.clock);
  }

  /** Serves until `signal` ends it or enough have been served. */
  async run(signal: AbortSignal): Promise<void> {
    const stop = AbortSignal.any([signal, this.#done.signal]);
    this.#options.say(`the shop is open; it hears of customers from ${this.#options.url}`);
    const partitions = await this.#partitionCount(stop);
    await Promise.all(Array.from({ length: partitions }, (_, partition) => this.#follow(partition, stop)));
    this.#options.say(`the shop is closed after ${this.#count} checkouts`);
  }

  /** Partitions are counted from 0 without gaps: the first that is not there tells how many there are. */
  async #partitionCount(stop: AbortSignal): Promise<number> {
    let count = 0;
    while (!stop.aborted) {
      const answer = await this.#get(`/v1/topics/QUEUE_READY/records?partition=${count}&max=1`, stop);
      if (answer?.ok) count++;
      else if (answer?.status === 404 && count > 0) return count;
      else await this.#pause(retryMs, stop);
      await answer?.body?.cancel();
    }
    return 0;
  }

  /** Reads one partition from its beginning on. Customers think at the same time; who comes later is not held up. */
  async #follow(partition: number, stop: AbortSignal): Promise<void> {
    const thinking = new Set<Promise<void>>();
    for (let offset = 0; !stop.aborted; ) {
      const query = `partition=${partition}&offset=${offset}&max=100&waitSeconds=${waitSeconds}`;
      const answer = await this.#get(`/v1/topics/QUEUE_READY/records?${query}`, stop);
      if (!answer?.ok) {
        await answer?.body?.cancel();
        await this.#pause(retryMs, stop);
        continue;
      }
      const { records } = (await answer.json()) as { readonly records: readonly TopicRecord[] };
      for (const record of records) {
        const served = this.#serve(record, stop).finally(() => thinking.delete(served));
        thinking.add(served);
        offset = record.offset + 1;
      }
    }
    await Promise.all(thinking);
  }

  async #serve(record: TopicRecord, stop: AbortSignal): Promise<void> {
    const { clock, random, thinkMs, say } = this.#options;
    const ready = read(record);
    if (ready === undefined) return say(`the record at offset ${record.offset} is no QUEUE_READY`);
    if (Date.parse(ready.expires_at) <= clock.now().wallMs) return;
    const refusal = await this.#askGate(ready, stop);
    if (refusal !== undefined) return say(`${ready.user_id} is turned away: ${refusal}`);
    // Exponential, as the time between independent happenings is.
    await this.#pause(-Math.log(1 - random.unit()) * thinkMs, stop);
    if (!stop.aborted) await this.#end(ready, stop);
  }

  async #askGate(ready: Ready, stop: AbortSignal): Promise<string | undefined> {
    while (!stop.aborted) {
      try {
        return await this.#gate.refusal(ready.checkout_token, ready);
      } catch {
        await this.#pause(retryMs, stop);
      }
    }
    return "the shop is closed";
  }

  async #end(ready: Ready, stop: AbortSignal): Promise<void> {
    const { url, clock, random, shares, countMax, say } = this.#options;
    const chance = random.unit();
    const { completed, failed } = shares;
    const outcome = chance < completed ? "COMPLETED" : chance < completed + failed ? "FAILED" : "EXPIRED";
    const topic = `CHECKOUT_${outcome}`;
    const { wallMs } = clock.now();
    const event = checkoutEvent(outcome, ready, uuidv7(random, wallMs), new Date(wallMs).toISOString());
    const request = {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ topic, key: ready.event_id, body: JSON.stringify(event) }),
    };
    // Until it is accepted: a second telling of the same end changes nothing.
    while (!stop.aborted) {
      const answer = await fetch(new URL("/publish", url), { ...request, signal: stop }).catch(
        () => undefined,
      );
      await answer?.body?.cancel();
      if (answer?.ok) break;
      await this.#pause(retryMs, stop);
    }
    if (stop.aborted) return;
    say(`${topic} ${ready.event_id} ${ready.user_id}`);
    if (++this.#count >= countMax) this.#done.abort();
  }

  /** Undefined when nobody answers. */
  async #get(path: string, stop: AbortSignal): Promise<Response | undefined> {
    try {
      return await fetch(new URL(path, this.#options.url), { signal: stop });
    } catch {
      return undefined;
    }
  }

  async #pause(delayMs: number, stop: AbortSignal): Promise<void> {
    await waitFor(this.#options.clock, delayMs, stop).catch(() => {});
  }
}

/** Anybody may publish to a topic: what has not the fields of the event is none. */
function read({ body }: TopicRecord): Ready | undefined {
  try {
    const value = JSON.parse(body);
    const fields = ["session_id", "user_id", "event_id", "checkout_token", "expires_at"];
    return fields.every((field) => typeof value?.[field] === "string") ? value : undefined;
  } catch {
    return undefined;
  }
}

/** What the shop says, with exactly the fields of the event. */
function checkoutEvent(
  outcome: "COMPLETED" | "FAILED" | "EXPIRED",
  ready: Ready,
  order_id: string,
  timestamp: string,
) {
  const { session_id, user_id, event_id } = ready;
  const tickets = [{ id: `ticket-of-${order_id}`, seat_no: "A-1", category: "standing", price: 49.5 }];
  const of = { order_id, session_id, user_id, event_id };
  switch (outcome) {
    case "COMPLETED":
      return { ...of, tickets, payment_id: `payment-of-${order_id}`, amount: 49.5, timestamp };
    case "FAILED":
      return { ...of, reason: "payment_failed", error_message: "the card was declined", timestamp };
    case "EXPIRED":
      return { ...of, tickets, expired_at: `${timestamp.slice(0, 19)}Z`, timestamp };
    default:
      return outcome satisfies never;
  }
}
