/**
 * What clients know of one queue, kept outside of Sluice: which messages they sent, which they got, which they acked. What was asked and
 * never answered is unknown: it may have happened or not, and the ledger holds Sluice to nothing there.
 */
import { equal, ok } from "node:assert/strict";
import { crc32 } from "node:zlib";

interface Entry {
  /** Of the whole body. */
  readonly checksum: number;
  sent: "unknown" | "acknowledged";
  /** Receive count of the last delivery that was seen, in the queue or, once it has moved there, in the dead-letter queue. */
  receiveCount: number;
  /** Deliveries that were seen there. */
  seen: number;
  isDead: boolean;
  /** Acks that were asked for and neither confirmed nor refused. */
  acksUnknown: number;
  isAcked: boolean;
}

/** A message is known by the first word of its body, which no two have in common. */
const nameOf = (body: string): string => body.split(" ", 1)[0] ?? "";

export class QueueLedger {
  readonly #name: string;
  readonly #entries = new Map<string, Entry>();
  /** Receives that were asked for and not answered: each may have been a delivery that nobody saw. */
  #receivesUnknown = 0;

  constructor(name: string) {
    this.#name = name;
  }

  /** The request is about to go out. */
  sending(body: string): void {
    ok(!this.#entries.has(nameOf(body)), "each message has its own name");
    this.#entries.set(nameOf(body), {
      checksum: crc32(body),
      sent: "unknown",
      receiveCount: 0,
      seen: 0,
      isDead: false,
      acksUnknown: 0,
      isAcked: false,
    });
  }

  sent(body: string): void {
    this.#entry(body).sent = "acknowledged";
  }

  /** A receive is about to be asked for. */
  receiving(): void {
    this.#receivesUnknown++;
  }

  received(): void {
    this.#receivesUnknown--;
  }

  /** `isDead`: it came from the dead-letter queue, where its receive count starts anew. */
  delivered(body: string, receiveCount: number, isDead = false): void {
    const entry = this.#entry(body);
    const name = nameOf(body);
    equal(crc32(body), entry.checksum, `${name} is not what it was`);
    ok(!entry.isAcked, `${name} was acked, and comes again from ${this.#name}`);
    ok(isDead || !entry.isDead, `${name} is back from the dead letters of ${this.#name}`);
    if (isDead && !entry.isDead) entry.receiveCount = 0;
    entry.seen++;
    entry.isDead = isDead;
    // The count is on disk before the delivery leaves, so no kill takes it back. What a kill cut off counts though nobody saw it.
    ok(
      receiveCount > entry.receiveCount,
      `${name}: receive count ${receiveCount} after ${entry.receiveCount}`,
    );
    entry.receiveCount = receiveCount;
    if (isDead) return;
    const countMax = entry.seen + this.#receivesUnknown;
    ok(receiveCount <= countMax, `${name}: receive count ${receiveCount}, and nobody received it so often`);
  }

  acking(body: string): void {
    this.#entry(body).acksUnknown++;
  }

  acked(body: string): void {
    const entry = this.#entry(body);
    entry.acksUnknown--;
    entry.isAcked = true;
  }

  /** `wasCut`: the same ack had been sent before and was not answered, so a refusal may mean that it did happen. */
  ackRefused(body: string, wasCut: boolean): void {
    if (!wasCut) this.#entry(body).acksUnknown--;
  }

  /** When the queue and its dead letters are empty: whatever was acknowledged to its sender must have come, and been acked. */
  settle(): void {
    const lost = [...this.#entries].filter(
      ([, { sent, isAcked, acksUnknown }]) => sent === "acknowledged" && !isAcked && acksUnknown === 0,
    );
    const names = lost.slice(0, 5).map(([body, entry]) => `${body} ${JSON.stringify(entry)}`);
    equal(lost.length, 0, `${this.#name} lost ${lost.length}: ${names.join(", ")}`);
  }

  /** Messages that were sent, or may have been. */
  get size(): number {
    return this.#entries.size;
  }

  /** How many messages stand here as `which` wants them. */
  count(which: (entry: Readonly<Entry>, body: string) => boolean): number {
    return [...this.#entries].filter(([body, entry]) => which(entry, body)).length;
  }

  #entry(body: string): Entry {
    const entry = this.#entries.get(nameOf(body));
    ok(entry, `${this.#name} gives ${nameOf(body)}, which nobody sent`);
    return entry;
  }
}
