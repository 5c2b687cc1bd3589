/** A member of a group on a connection: hears what it owns and what it is to give up, for as long as it says that it lives. */
import {
  type JoinRequest,
  partitionCountMax,
  type ReleaseRequest,
  writeAssigned,
  writeEnded,
  writeJoined,
  writeRevoked,
} from "@sluice/protocol/full";
import type { MemberAssignment, Result } from "../../../broker/api.ts";
import type { Owner } from "./member-owners.ts";
import { refuse, refuseAs, type Session, type Standing, shuttingDown } from "./session.ts";

export class StandingMembership implements Standing, Owner {
  readonly #session: Session;
  readonly #request: JoinRequest;
  #joining: Promise<void> | undefined;
  #joined = false;
  #over = false;

  constructor(session: Session, request: JoinRequest) {
    this.#session = session;
    this.#request = request;
  }

  /** Answers the join when a generation has begun that the member is in. */
  join(): Promise<void> {
    const { group, member } = this.#request;
    this.#session.owners.take(group, member, this);
    this.#joining = this.#join();
    return this.#joining;
  }

  beat(): void {
    const { group, member, sessionTimeoutMs } = this.#request;
    // What a beat is refused for has been told already, or is about to be.
    if (sessionTimeoutMs > 0) void this.#session.broker.heartbeatMember({ group, member });
  }

  release({ generation, partitions = [] }: ReleaseRequest): Promise<Result<object>> {
    const { group, member } = this.#request;
    const named = partitions.length === 0 ? {} : { partitions };
    return this.#session.broker.releasePartitions({ group, member, generation, ...named });
  }

  /** Others are to have what this member owned. One that was replaced is not asked: it no longer stands. */
  async leave(): Promise<Result<object>> {
    const { group, member } = this.#request;
    this.#over = true;
    this.#session.owners.drop(group, member, this);
    const left = await this.#session.broker.leaveGroup({ group, member });
    await this.#joining;
    return left;
  }

  replaced(): void {
    this.#end("replaced", "Another connection has joined under the name of this member.");
  }

  credit(): void {}

  cancel(): void {
    void this.leave();
    this.#session.standing.delete(this.#request.id);
    this.#say("cancelled", "The client left the group.");
  }

  pump(): void {}

  /** Who still waits for others will get nothing from a server that ends. */
  drain(): void {
    if (!this.#joined) void this.leave();
  }

  /** The member may want to commit what it has read, and to leave. */
  get unfinished(): boolean {
    return !this.#over;
  }

  async close(): Promise<void> {
    await this.leave();
  }

  async #join(): Promise<void> {
    const { id, group, member, topics, sessionTimeoutMs, rebalanceTimeoutMs } = this.#request;
    const { broker, owners, standing, to } = this.#session;
    const result = await broker.joinGroup({
      group,
      member,
      topics,
      rebalanceTimeoutMs,
      ...(sessionTimeoutMs > 0 && { sessionTimeoutMs }),
      onAssigned: (assignment) => this.#assigned(assignment),
      onRevoke: ({ generation, deadlineMs, partitions }) => {
        if (this.#over) return;
        writeRevoked(to, { id, generation, deadlineMs: Math.ceil(deadlineMs), partitions });
        this.#session.answered();
      },
      onDropped: () => {
        owners.drop(group, member, this);
        this.#end("session-timeout", `The member '${member}' was silent for ${sessionTimeoutMs} ms.`);
      },
    });
    if (result.ok || this.#joined) {
      this.#sayJoined();
      return;
    }
    this.#over = true;
    owners.drop(group, member, this);
    standing.delete(id);
    if (this.#session.draining) refuse(this.#session, id, shuttingDown);
    else refuseAs(this.#session, id, result);
  }

  /** The first assignment comes before the broker has answered the join; the client hears the answer first. */
  #assigned({ generation, partitions }: MemberAssignment): void {
    if (this.#over) return;
    this.#sayJoined();
    if (partitions.length > partitionCountMax) {
      void this.leave();
      this.#end(
        "limit-exceeded",
        `The member owns ${partitions.length} partitions; ${partitionCountMax} fit a frame.`,
      );
      return;
    }
    writeAssigned(this.#session.to, { id: this.#request.id, generation, partitions });
    this.#session.answered();
  }

  #sayJoined(): void {
    if (this.#joined || this.#over) return;
    this.#joined = true;
    writeJoined(this.#session.to, this.#request.id);
    this.#session.answered();
  }

  /** The server ends the membership. */
  #end(code: string, sentence: string): void {
    if (this.#over && code !== "limit-exceeded") return;
    this.#over = true;
    this.#session.standing.delete(this.#request.id);
    this.#say(code, sentence);
  }

  #say(code: string, sentence: string): void {
    writeEnded(this.#session.to, { id: this.#request.id, code, sentence });
    this.#session.answered();
  }
}
