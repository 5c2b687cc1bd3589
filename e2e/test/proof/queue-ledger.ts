/**
 * What clients know of one queue, kept outside of Sluice: which messages they sent, which they got, which they acked. What was asked and
 * never answered is unknown: it may have happened or not, and the ledger holds Sluice to nothing there.
 */
import { equal, ok } from "node:assert/strict";
import { crc32 } from "node:zlib";

/** What was asked that takes a message out of its queue for good: an ack, a cancel, a purge, a transaction. */
export interface Exit {
  /** It was confirmed. */
  done(): void;
  /** It was refused: nothing has happened. */
  refused(): void;
}

interface Entry {
  /** Of the whole body. */
  readonly checksum: number;
  sent: "unknown" | "acknowledged";
  /** Once somebody was told it; it never changes. */
  messageId: string | undefined;
  /** Receive count of the last delivery that was seen, in the queue or, once it has moved there, in the dead-letter queue. */
  receiveCount: number;
  /** Deliveries that were seen there. */
  seen: number;
  isDead: boolean;
  /** Redrives after which it has begun anew. */
  redriven: number;
  /** Exits that were asked for and neither confirmed nor refused. */
  readonly exits: Set<Exit>;
  isOut: boolean;
  /** The moment after which nobody who asks gets it any more. */
  outSince: number;
}

/** What a ledger wants to know of a delivery. */
export interface Seen {
  readonly body: string;
  readonly messageId: string;
  readonly receiveCount: number;
}

/** A message is known by the first word of its body, which no two have in common. */
const nameOf = (body: string): string => body.split(" ", 1)[0] ?? "";

export class QueueLedger {
  readonly #name: string;
  readonly #entries = new Map<string, Entry>();
  /** Receives that were asked for and not answered: each may have been a delivery that nobody saw. */
  #receivesUnknown = 0;
  /** Counts what happens: a moment of the ledger. */
  #moment = 0;
  /** Redrives of everything, and of single messages by their name, that were asked for. */
  #redrives = 0;
  readonly #redrivesOf = new Map<string, number>();

  constructor(name: string) {
    this.#name = name;
  }

  /** The request is about to go out. */
  sending(body: string): void {
    ok(!this.#entries.has(nameOf(body)), "each message has its own name");
    this.#entries.set(nameOf(body), {
      checksum: crc32(body),
      sent: "unknown",
      messageId: undefined,
      receiveCount: 0,
      seen: 0,
      isDead: false,
      redriven: 0,
      exits: new Set(),
      isOut: false,
      outSince: 0,
    });
  }

  /** It was acknowledged; also once more, for a message that is sent repeatedly: then the id has to be the same. */
  sent(body: string, messageId?: string): void {
    const entry = this.#entry(body);
    entry.sent = "acknowledged";
    if (messageId !== undefined) this.#isMessage(entry, body, messageId);
  }

  /** A receive is about to be asked for. Answers with the moment, which `delivered` takes. */
  receiving(): number {
    this.#receivesUnknown++;
    return ++this.#moment;
  }

  received(): void {
    this.#receivesUnknown--;
  }

  /**
   * `isDead`: it came from the dead-letter queue, where its receive count starts anew. `asked`: the moment of its receive, where what was
   * taken out may have been on its way already.
   */
  delivered(
    { body, messageId, receiveCount }: Seen,
    { isDead = false, asked }: { readonly isDead?: boolean; readonly asked?: number } = {},
  ): void {
    const entry = this.#entry(body);
    const name = nameOf(body);
    equal(crc32(body), entry.checksum, `${name} is not what it was`);
    ok(
      !entry.isOut || (asked !== undefined && asked < entry.outSince),
      `${name} was acked or taken out, and comes again from ${this.#name}`,
    );
    this.#isMessage(entry, body, messageId);
    // Whoever was to take it out had not done so: the message has come since, and the receipt of before is stale.
    for (const exit of entry.exits) if (!(exit as OpenExit).mayBeUnderWay) entry.exits.delete(exit);
    const isMoved = entry.isDead !== isDead;
    if (!isDead && (entry.isDead || receiveCount <= entry.receiveCount)) {
      ok(
        entry.redriven < this.#redrives + (this.#redrivesOf.get(name) ?? 0),
        entry.isDead
          ? `${name} is back from the dead letters of ${this.#name}`
          : `${name}: receive count ${receiveCount} after ${entry.receiveCount}`,
      );
      entry.redriven++;
      entry.receiveCount = 0;
    }
    if (isMoved) entry.receiveCount = 0;
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

  /**
   * Something that takes the message out is about to be asked for. `mayBeUnderWay`: deliveries do not keep it from happening, and one that was
   * decided before may be seen after it.
   */
  leaving(body: string, { mayBeUnderWay = false }: { readonly mayBeUnderWay?: boolean } = {}): Exit {
    const entry = this.#entry(body);
    const exit: OpenExit = {
      mayBeUnderWay,
      done: () => {
        entry.exits.delete(exit);
        const since = mayBeUnderWay ? ++this.#moment : 0;
        entry.outSince = entry.isOut ? Math.min(since, entry.outSince) : since;
        entry.isOut = true;
      },
      refused: () => entry.exits.delete(exit),
    };
    entry.exits.add(exit);
    return exit;
  }

  /** A redrive is about to be asked for, of one message or of all: it may begin anew once more. */
  redriving(body?: string): void {
    if (body === undefined) this.#redrives++;
    else this.#redrivesOf.set(nameOf(body), (this.#redrivesOf.get(nameOf(body)) ?? 0) + 1);
  }

  /** When the queue and its dead letters are empty: whatever was acknowledged to its sender must have come, and been acked. */
  settle(): void {
    const lost = [...this.#entries].filter(
      ([, { sent, isOut, exits }]) => sent === "acknowledged" && !isOut && exits.size === 0,
    );
    const names = lost.slice(0, 5).map(([body, entry]) => `${body} ${JSON.stringify(entry)}`);
    equal(lost.length, 0, `${this.#name} lost ${lost.length}: ${names.join(", ")}`);
  }

  /** Messages that were sent, or may have been. */
  get size(): number {
    return this.#entries.size;
  }

  /** Whether its sender was told that it is there. */
  isSent(body: string): boolean {
    return this.#entries.get(nameOf(body))?.sent === "acknowledged";
  }

  /** Whether a delivery of it was seen. */
  isSeen(body: string): boolean {
    return this.#entry(body).seen > 0;
  }

  /** Whether it is out for sure. */
  isOut(body: string): boolean {
    return this.#entry(body).isOut;
  }

  /** Whether it is out, or may be. */
  isOver(body: string): boolean {
    const { isOut, exits } = this.#entry(body);
    return isOut || exits.size > 0;
  }

  /** The names of the messages that stand here as `which` wants them. */
  names(which: (entry: Readonly<Entry>, name: string) => boolean): readonly string[] {
    return [...this.#entries].filter(([name, entry]) => which(entry, name)).map(([name]) => name);
  }

  #isMessage(entry: Entry, body: string, messageId: string): void {
    entry.messageId ??= messageId;
    equal(messageId, entry.messageId, `${nameOf(body)} is one message of ${this.#name}, and not two`);
  }

  #entry(body: string): Entry {
    const entry = this.#entries.get(nameOf(body));
    ok(entry, `${this.#name} gives ${nameOf(body)}, which nobody sent`);
    return entry;
  }
}

interface OpenExit extends Exit {
  readonly mayBeUnderWay: boolean;
}
