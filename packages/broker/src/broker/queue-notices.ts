/** What happens in queues that operators want to hear of: messages that leave without an ack are counted, and what somebody has to look at is logged. */
import type { MessageSequence } from "../queue/message.ts";
import type { QueueRecord } from "../queue/records.ts";
import type { Core } from "./core.ts";
import type { Statistics } from "./statistics.ts";

export class QueueNotices {
  readonly #core: Core;
  readonly #statistics: Statistics;

  constructor(core: Core, statistics: Statistics) {
    this.#core = core;
    this.#statistics = statistics;
  }

  /** The record was applied to the queue of that number. */
  tell(number: number, record: QueueRecord): void {
    const statistics = this.#statistics;
    switch (record.kind) {
      case "dropped":
        statistics.dropped(record.reason, record.sequences.length);
        return;
      case "rescheduled":
        statistics.count("reschedule", record.sequences.length);
        return;
      case "unparked":
        statistics.count("redrive", record.sequences.length);
        return;
      case "moved-out": {
        const { reason, sequences } = record;
        if (reason === "redrive") {
          statistics.count("redrive", sequences.length);
          return;
        }
        const queue = this.#name(number);
        statistics.deadLettered(queue, reason, sequences.length);
        const deadLetterQueue = this.#name(record.to);
        this.#core.log.info(
          { queue, deadLetterQueue, messages: sequences.length, reason },
          "moved to the dead-letter queue",
        );
        return;
      }
      case "parked": {
        const { reason, sequences } = record;
        const queue = this.#name(number);
        statistics.deadLettered(queue, reason, sequences.length);
        this.#core.log.warn(
          { queue, messages: sequences.length, reason },
          "parked: there is no dead-letter queue; they wait until they are redriven or cancelled",
        );
        this.#tellBlocked(number, queue, sequences);
        return;
      }
      default:
        return;
    }
  }

  /** Groups wait in order, so that one parked message holds all that come after it: nobody may find out by the silence. */
  #tellBlocked(number: number, queue: string, parked: readonly MessageSequence[]): void {
    const state = this.#core.state.queue(number);
    if (state === undefined || state.groups.blocked.size === 0) return;
    let groups = 0;
    for (const sequence of parked) {
      const slot = state.index.find(sequence);
      if (slot >= 0 && state.groups.of(slot)?.current === slot) groups++;
    }
    if (groups === 0) return;
    this.#core.log.warn(
      { queue, groups, blockedGroups: state.groups.blocked.size },
      "message groups wait behind a parked message: nothing of them is delivered until it is redriven or cancelled",
    );
  }

  #name(number: number): string {
    return this.#core.state.catalog.entry(number)?.name ?? "";
  }
}
