/** A member that falls silent is dropped: the groups of the broker know no sessions. */
import type { Clock, Timer } from "@sluice/runtime";
import type { BrokerApi, Result } from "../../../broker/api.ts";
import type { Membership } from "./full-broker.ts";

export interface MemberSessionOptions {
  readonly broker: BrokerApi;
  readonly clock: Clock;
  readonly group: string;
  readonly member: string;
  readonly sessionTimeoutMs: number;
  readonly onDropped: (sentence: string) => void;
}

export class MemberSession implements Membership {
  readonly #options: MemberSessionOptions;
  #timer: Timer | undefined;
  #over = false;

  constructor(options: MemberSessionOptions) {
    this.#options = options;
    this.beat();
  }

  beat(): void {
    if (this.#over) return;
    const { clock, sessionTimeoutMs, onDropped, member } = this.#options;
    this.#timer?.[Symbol.dispose]();
    this.#timer = clock.after(sessionTimeoutMs, () => {
      void this.leave();
      onDropped(`The member '${member}' was silent for ${sessionTimeoutMs} ms.`);
    });
  }

  /** Partitions go to their new owners at once here, so that there is never anything to release. */
  release(): Promise<Result<object>> {
    return Promise.resolve({ ok: true });
  }

  leave(): Promise<Result<object>> {
    if (this.#over) return Promise.resolve({ ok: true });
    this.#over = true;
    this.#timer?.[Symbol.dispose]();
    const { broker, group, member } = this.#options;
    return broker.leaveGroup({ group, member });
  }
}
