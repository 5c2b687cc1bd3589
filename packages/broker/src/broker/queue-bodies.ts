/** Bodies of messages that are handed out or looked at, read back from the journal where they are not in memory. */
import { Fault } from "@sluice/runtime";
import { decideAck } from "../queue/decide/ack.ts";
import {
  type Body,
  type BodyPosition,
  type Delivery,
  isPresent,
  type MessageSequence,
} from "../queue/message.ts";
import { type Refused, refuse } from "../queue/refusals.ts";
import { bodyPositionOf, type QueueState } from "../queue/state.ts";
import type { Refusal } from "./api.ts";
import type { Core } from "./core.ts";
import { inQueues } from "./state.ts";

export interface WholeDelivery {
  readonly delivery: Delivery;
  readonly body: Uint8Array;
}

interface PlacedBody {
  readonly sequence: MessageSequence;
  readonly body: Body;
  readonly bodyPosition: BodyPosition;
}

export class QueueBodies {
  readonly #core: Core;

  constructor(core: Core) {
    this.#core = core;
  }

  /** The deliveries with their bodies, when all of these are in memory, as they mostly are; else undefined. */
  present(deliveries: readonly Delivery[]): readonly WholeDelivery[] | undefined {
    const whole: WholeDelivery[] = [];
    for (const delivery of deliveries) {
      const { body } = delivery;
      if (!isPresent(body)) return undefined;
      whole.push({ delivery, body });
    }
    return whole;
  }

  /**
   * Waits for the disk only when a body is there alone. A message whose body is damaged is left out. It is lost, and told of, and leaves the
   * queue: it would come again and again, and no consumer could ever ack it. Refused when the disk gives nothing at all.
   */
  async ofDeliveries(
    queue: QueueState,
    deliveries: readonly Delivery[],
  ): Promise<readonly WholeDelivery[] | Refused<Refusal>> {
    const whole: WholeDelivery[] = [];
    for (const delivery of deliveries) {
      const body = isPresent(delivery.body)
        ? delivery.body
        : await this.read(queue, delivery, "the body of a message is damaged: the message is lost");
      if (body === undefined) this.#lose(queue, delivery);
      else if ("refusal" in body) return body;
      else whole.push({ delivery, body });
    }
    return whole;
  }

  /** Undefined when it is damaged, which is logged as `told`, or no longer there. */
  async read(
    queue: QueueState,
    placed: PlacedBody,
    told = "the body of a message is damaged",
  ): Promise<Uint8Array | Refused<Refusal> | undefined> {
    if (isPresent(placed.body)) return placed.body;
    const { journal, state, log } = this.#core;
    try {
      return await journal.readBody(placed.bodyPosition);
    } catch (error) {
      // It may have been relocated in the meantime, and what was there before be gone.
      const bodyPosition = bodyPositionOf(queue, placed.sequence) ?? placed.bodyPosition;
      if (bodyPosition !== placed.bodyPosition) return this.read(queue, { ...placed, bodyPosition }, told);
      const name = state.catalog.entry(queue.number)?.name ?? "";
      const where = { queue: name, sequence: placed.sequence, err: error };
      if (!(error instanceof Fault && error.code === "body-damaged")) {
        log.error(where, "a message could not be read back from the journal");
        return refuse("storage-failed", "A message could not be read back from the disk; try again.");
      }
      if (bodyPositionOf(queue, placed.sequence) !== undefined) log.error(where, told);
      return undefined;
    }
  }

  #lose(queue: QueueState, delivery: Delivery): void {
    const decided = decideAck(queue, { receipt: delivery }, this.#core.now());
    if (decided.ok) this.#core.commitThen(inQueues(decided.records), () => {});
  }
}
