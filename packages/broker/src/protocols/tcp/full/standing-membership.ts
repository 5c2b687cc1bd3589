/** A member of a group on a connection: hears what it owns and what it is to give up, for as long as it says that it lives. */
import {
  type JoinRequest,
  partitionCountMax,
  writeAssigned,
  writeEnded,
  writeJoined,
  writeRevoked,
} from "@sluice/protocol/full";
import type { MemberAssignment, Result } from "../../../broker/api.ts";
import type { Membership } from "./full-broker.ts";
import { refuseAs, type Session, type Standing } from "./session.ts";

export class StandingMembership implements Standing {
  readonly #session: Session;
  readonly #request: JoinRequest;
  #membership: Membership | undefined;
  #joining: Promise<void> | undefined;
  #joined = false;
  #over = false;

  constructor(session: Session, request: JoinRequest) {
    this.#session = session;
    this.#request = request;
  }

  /** Answers the join. */
  join(): Promise<void> {
    this.#joining = this.#join();
    return this.#joining;
  }

  beat(): void {
    this.#membership?.beat();
  }

  async release(generation: number): Promise<Result<object>> {
    return (await this.#membership?.release(generation)) ?? { ok: true };
  }

  async leave(): Promise<Result<object>> {
    this.#over = true;
    await this.#joining;
    return (await this.#membership?.leave()) ?? { ok: true };
  }

  credit(): void {}

  cancel(): void {
    this.#session.standing.delete(this.#request.id);
    void this.leave().then(() => this.#end("cancelled", "The client left the group."));
  }

  pump(): void {}

  drain(): void {}

  /** The member may want to commit what it has read, and to leave. */
  get unfinished(): boolean {
    return !this.#over;
  }

  /** The connection is over: others are to have what this member owned. */
  async close(): Promise<void> {
    await this.leave();
  }

  async #join(): Promise<void> {
    const { id, group, member, topics, sessionTimeoutMs, rebalanceTimeoutMs } = this.#request;
    const result = await this.#session.broker.joinMember({
      group,
      member,
      topics,
      sessionTimeoutMs,
      rebalanceTimeoutMs,
      onAssigned: (assignment) => this.#assigned(assignment),
      onRevoked: (revoked) => {
        if (this.#over) return;
        writeRevoked(this.#session.to, { id, ...revoked });
        this.#session.answered();
      },
      onDropped: (sentence) => {
        if (this.#over) return;
        this.#over = true;
        this.#session.standing.delete(id);
        this.#end("session-timeout", sentence);
      },
    });
    if (!result.ok) {
      this.#over = true;
      this.#session.standing.delete(id);
      refuseAs(this.#session, id, result);
      return;
    }
    this.#membership = result.membership;
    this.#sayJoined();
  }

  /** The first assignment may come before the broker has answered the join; the client hears the answer first. */
  #assigned({ generation, partitions }: MemberAssignment): void {
    if (this.#over) return;
    this.#sayJoined();
    const { id } = this.#request;
    if (partitions.length > partitionCountMax) {
      this.cancel();
      return;
    }
    writeAssigned(this.#session.to, { id, generation, partitions });
    this.#session.answered();
  }

  #sayJoined(): void {
    if (this.#joined) return;
    this.#joined = true;
    writeJoined(this.#session.to, this.#request.id);
    this.#session.answered();
  }

  #end(code: string, sentence: string): void {
    writeEnded(this.#session.to, { id: this.#request.id, code, sentence });
    this.#session.answered();
  }
}
