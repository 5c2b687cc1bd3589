/** A member of a consumer group, kept across connections: joins, says that it lives, hears what it owns, and gives up what it is asked for. */
import {
  type WireOffset,
  type WirePartition,
  writeBeat,
  writeCommit,
  writeJoin,
  writeLeave,
  writeRelease,
} from "@sluice/protocol/full";
import { onNotBegun } from "./errors.ts";
import type { Attachment, Link } from "./link.ts";
import type { RoutedPush, Session } from "./session.ts";

export interface Assignment {
  readonly generation: number;
  readonly partitions: readonly WirePartition[];
}

export interface MembershipOptions {
  readonly group: string;
  readonly topics: readonly string[];
  readonly member: string;
  /** A member that does not say for as long that it lives is dropped. */
  readonly sessionTimeoutMs: number;
  /** How long this member may take to finish with what is revoked from it. */
  readonly rebalanceTimeoutMs: number;
}

export interface Member {
  /** Asked before each sign of life: a process can live and its consumer hang. */
  isAlive(): boolean;
  /** All that it owns from now on. */
  assigned(assignment: Assignment): void;
  /** Gives these up. The server is told when the promise is resolved, and waits no longer than `deadlineMs`. */
  revoked(revoked: Assignment & { readonly deadlineMs: number }): Promise<void>;
  /** The connection or the membership was lost: everything that was owned may be another's now. */
  lost(): void;
  /** There will be no further assignment. */
  ended(error: Error): void;
}

const rejoinAfterMs = 1_000;

export class Membership implements Attachment {
  readonly #link: Link;
  readonly #options: MembershipOptions;
  readonly #member: Member;
  #attached: Disposable | undefined;
  #session: Session | undefined;
  #id = 0;
  #assignment: Assignment = { generation: 0, partitions: [] };
  #isDraining = false;
  #timer: Disposable | undefined;
  #isClosed = false;

  constructor(link: Link, options: MembershipOptions, member: Member) {
    this.#link = link;
    this.#options = options;
    this.#member = member;
  }

  start(): void {
    this.#attached = this.#link.attach(this);
  }

  /** That of the newest assignment. */
  get generation(): number {
    return this.#assignment.generation;
  }

  /**
   * Commits offsets: each names the next record to read. All of them or none.
   * @throws RefusedError `stale-generation` when the group has moved on.
   */
  async commit(offsets: readonly WireOffset[], generation: number): Promise<void> {
    const { group } = this.#options;
    await this.#link.outbox.ask(
      "offsetsCommitted",
      (to, id) => writeCommit(to, { id, group, generation, offsets }),
      { urgent: true },
    );
  }

  /** Leaves the group, so that others need not wait for the session timeout. */
  async leave(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#timer?.[Symbol.dispose]();
    this.#attached?.[Symbol.dispose]();
    await this.#depart();
  }

  connected(session: Session): void {
    this.#session = session;
    this.#isDraining = false;
    this.#join(session);
  }

  /** Gives everything up in good order, to join again on the next connection. */
  draining(): void {
    this.#isDraining = true;
    if (this.#id === 0) return;
    const { rebalanceTimeoutMs } = this.#options;
    void this.#giveUp({ ...this.#assignment, deadlineMs: rebalanceTimeoutMs }, () => this.#depart());
  }

  disconnected(): void {
    this.#session = undefined;
    this.#lose();
  }

  ended(error: Error): void {
    this.#isClosed = true;
    this.#timer?.[Symbol.dispose]();
    this.#member.ended(error);
  }

  #join(session: Session): void {
    const { id, begun } = session.open(
      "joined",
      (to, request) => writeJoin(to, { id: request, ...this.#options }),
      (push) => this.#take(push),
    );
    this.#id = id;
    begun.then(
      () => {
        if (this.#id === id) this.#beat();
      },
      (error: unknown) => {
        if (this.#id !== id) return;
        this.#id = 0;
        onNotBegun(error, {
          again: (delayMs) => this.#joinLater(session, delayMs),
          failed: (problem) => {
            this.#attached?.[Symbol.dispose]();
            this.ended(problem);
          },
        });
      },
    );
  }

  #joinLater(session: Session, delayMs: number): void {
    this.#after(delayMs, () => {
      if (!session.isOver && session.goaway === undefined) this.#join(session);
    });
  }

  #take(push: RoutedPush): void {
    if (this.#isClosed || (this.#isDraining && push.verb !== "ended")) return;
    if (push.verb === "assigned") {
      const { generation, partitions } = push;
      this.#assignment = { generation, partitions };
      this.#member.assigned(this.#assignment);
    } else if (push.verb === "revoked") {
      const { generation, partitions, deadlineMs } = push;
      void this.#giveUp({ generation, partitions, deadlineMs }, () => this.#release(generation));
    } else if (push.verb === "ended") {
      const session = this.#session;
      session?.unroute(push.id);
      this.#lose();
      if (session !== undefined) this.#joinLater(session, rejoinAfterMs);
    }
  }

  /** Lets the member finish, then does `next`, unless the membership is over by then. */
  async #giveUp(
    revoked: Assignment & { readonly deadlineMs: number },
    next: () => Promise<void>,
  ): Promise<void> {
    const membership = this.#id;
    await this.#member.revoked(revoked);
    if (this.#id === membership && !this.#isClosed) await next();
  }

  async #release(generation: number): Promise<void> {
    const membership = this.#id;
    // When the deadline has passed or the connection is gone, the group went on without this word.
    await this.#link.outbox
      .ask("released", (to, id) => writeRelease(to, { id, membership, generation }), {
        urgent: true,
        survives: false,
      })
      .catch(() => undefined);
  }

  async #depart(): Promise<void> {
    const membership = this.#id;
    this.#id = 0;
    this.#timer?.[Symbol.dispose]();
    this.#session?.unroute(membership);
    if (membership === 0) return;
    // When the connection is gone, so is the membership.
    await this.#link.outbox
      .ask("left", (to, id) => writeLeave(to, { id, membership }), { urgent: true, survives: false })
      .catch(() => undefined);
  }

  #lose(): void {
    this.#timer?.[Symbol.dispose]();
    if (this.#id === 0) return;
    this.#id = 0;
    this.#member.lost();
  }

  #beat(): void {
    const id = this.#id;
    if (id !== 0 && this.#member.isAlive()) this.#session?.say((to) => writeBeat(to, id));
    this.#after(Math.max(Math.floor(this.#options.sessionTimeoutMs / 3), 1), () => this.#beat());
  }

  #after(delayMs: number, fire: () => void): void {
    this.#timer?.[Symbol.dispose]();
    if (!this.#isClosed) this.#timer = this.#link.clock.after(delayMs, fire);
  }
}
