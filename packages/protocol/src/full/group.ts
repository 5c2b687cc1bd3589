/** Consumer groups: who reads which partitions, and how far the group has read. */
/*  join      => group:text member:text session-timeout-ms:u32 rebalance-timeout-ms:u32 topics:u16 { topic:text }
    joined    => (nothing)      before the first assigned; the id of the request names the membership from then on
    assigned  => generation:u64 partitions                        pushed with the id of the membership
    revoked   => generation:u64 deadline-ms:u32 partitions        pushed with the id of the membership
    beat      => (nothing)      the id is the membership's; never answered
    release   => membership:u32 generation:u64 partitions         no partitions: everything that was revoked until now
    leave     => membership:u32
    commit    => group:text generation:u64 offsets
    committed => group:text partitions
    released, left          => (nothing)
    offsets-committed       => durability:u8
    committed-offsets       => offsets          a partition that the group never committed is left out
    docs/protocol.md, "Consumer groups"                                                                              */
import { durabilities, type WireDurability } from "./durability.ts";
import { partCountMax, textBytesMax } from "./limits.ts";
import {
  readOffsets,
  readPartitions,
  type WireOffset,
  type WirePartition,
  writeOffsets,
  writePartitions,
} from "./partitions.ts";
import type { PayloadReader } from "./reader.ts";
import { answerBit, pushVerbs, requestVerbs } from "./verbs.ts";
import type { FrameWriter } from "./writer.ts";

export interface JoinRequest {
  readonly verb: "join";
  /** Also the name of the membership. */
  readonly id: number;
  readonly group: string;
  readonly member: string;
  /** A member that does not beat for as long is dropped. 0: it lives as long as its connection. */
  readonly sessionTimeoutMs: number;
  /** How long this member may take to finish with what is revoked from it. */
  readonly rebalanceTimeoutMs: number;
  readonly topics: readonly string[];
}

/** The membership lives: says so beside the heartbeat of the connection, because a process can live and its consumer hang. */
export interface Beat {
  readonly verb: "beat";
  readonly id: number;
}

/** The member is done with what was revoked from it. */
export interface ReleaseRequest {
  readonly verb: "release";
  readonly id: number;
  /** The id of its join. */
  readonly membership: number;
  /** That of the revoke. */
  readonly generation: number;
  /** Absent or none: everything that was revoked until now. */
  readonly partitions?: readonly WirePartition[];
}

export interface LeaveRequest {
  readonly verb: "leave";
  readonly id: number;
  readonly membership: number;
}

export interface CommitRequest {
  readonly verb: "commit";
  readonly id: number;
  readonly group: string;
  readonly generation: number;
  /** All of them or none. */
  readonly offsets: readonly WireOffset[];
}

export interface CommittedRequest {
  readonly verb: "committed";
  readonly id: number;
  readonly group: string;
  readonly partitions: readonly WirePartition[];
}

/** What this member owns from now on, all of it. */
export interface Assigned {
  readonly verb: "assigned";
  readonly id: number;
  readonly generation: number;
  readonly partitions: readonly WirePartition[];
}

/** What this member is to give up: finish, commit, and release within `deadlineMs`. */
export interface Revoked {
  readonly verb: "revoked";
  readonly id: number;
  /** The one that ends. */
  readonly generation: number;
  readonly deadlineMs: number;
  readonly partitions: readonly WirePartition[];
}

export interface OffsetsCommittedAnswer {
  readonly verb: "offsetsCommitted";
  readonly id: number;
  readonly durability: WireDurability;
}

export interface CommittedOffsetsAnswer {
  readonly verb: "committedOffsets";
  readonly id: number;
  readonly offsets: readonly WireOffset[];
}

export function writeJoin(to: FrameWriter, request: Omit<JoinRequest, "verb">): void {
  to.begin(requestVerbs.join, request.id).text(request.group).text(request.member);
  to.u32(request.sessionTimeoutMs).u32(request.rebalanceTimeoutMs).u16(request.topics.length);
  for (const topic of request.topics) to.text(topic);
  to.end();
}

export function readJoin(from: PayloadReader, id: number): JoinRequest {
  const group = from.text("the group", textBytesMax);
  const member = from.text("the member", textBytesMax);
  const sessionTimeoutMs = from.u32();
  const rebalanceTimeoutMs = from.u32();
  const count = from.count("topics", from.u16(), partCountMax, 2);
  const topics: string[] = [];
  for (let i = 0; i < count && !from.failed; i++) topics.push(from.text("a topic", textBytesMax));
  return { verb: "join", id, group, member, sessionTimeoutMs, rebalanceTimeoutMs, topics };
}

export const writeJoined = (to: FrameWriter, id: number): void =>
  to.begin(requestVerbs.join | answerBit, id).end();

export const writeBeat = (to: FrameWriter, id: number): void => to.begin(requestVerbs.beat, id).end();

export function writeRelease(to: FrameWriter, request: Omit<ReleaseRequest, "verb">): void {
  to.begin(requestVerbs.release, request.id).u32(request.membership).u64(request.generation);
  writePartitions(to, request.partitions ?? []);
  to.end();
}

export function readRelease(from: PayloadReader, id: number): ReleaseRequest {
  const membership = from.u32();
  const generation = from.u64();
  return { verb: "release", id, membership, generation, partitions: readPartitions(from) };
}

export const writeReleased = (to: FrameWriter, id: number): void =>
  to.begin(requestVerbs.release | answerBit, id).end();

export const writeLeave = (to: FrameWriter, request: Omit<LeaveRequest, "verb">): void =>
  to.begin(requestVerbs.leave, request.id).u32(request.membership).end();

export const readLeave = (from: PayloadReader, id: number): LeaveRequest => ({
  verb: "leave",
  id,
  membership: from.u32(),
});

export const writeLeft = (to: FrameWriter, id: number): void =>
  to.begin(requestVerbs.leave | answerBit, id).end();

export function writeCommit(to: FrameWriter, request: Omit<CommitRequest, "verb">): void {
  to.begin(requestVerbs.commit, request.id).text(request.group).u64(request.generation);
  writeOffsets(to, request.offsets);
  to.end();
}

export const readCommit = (from: PayloadReader, id: number): CommitRequest => ({
  verb: "commit",
  id,
  group: from.text("the group", textBytesMax),
  generation: from.u64(),
  offsets: readOffsets(from),
});

export const writeOffsetsCommitted = (to: FrameWriter, id: number, durability: WireDurability): void =>
  to
    .begin(requestVerbs.commit | answerBit, id)
    .u8(durabilities.indexOf(durability))
    .end();

export const readOffsetsCommitted = (from: PayloadReader, id: number): OffsetsCommittedAnswer => ({
  verb: "offsetsCommitted",
  id,
  durability: from.choice("a durability", durabilities),
});

export function writeCommitted(to: FrameWriter, request: Omit<CommittedRequest, "verb">): void {
  to.begin(requestVerbs.committed, request.id).text(request.group);
  writePartitions(to, request.partitions);
  to.end();
}

export const readCommitted = (from: PayloadReader, id: number): CommittedRequest => ({
  verb: "committed",
  id,
  group: from.text("the group", textBytesMax),
  partitions: readPartitions(from),
});

export function writeCommittedOffsets(to: FrameWriter, id: number, offsets: readonly WireOffset[]): void {
  to.begin(requestVerbs.committed | answerBit, id);
  writeOffsets(to, offsets);
  to.end();
}

export const readCommittedOffsets = (from: PayloadReader, id: number): CommittedOffsetsAnswer => ({
  verb: "committedOffsets",
  id,
  offsets: readOffsets(from),
});

export function writeAssigned(to: FrameWriter, push: Omit<Assigned, "verb">): void {
  to.begin(pushVerbs.assigned, push.id).u64(push.generation);
  writePartitions(to, push.partitions);
  to.end();
}

export const readAssigned = (from: PayloadReader, id: number): Assigned => ({
  verb: "assigned",
  id,
  generation: from.u64(),
  partitions: readPartitions(from),
});

export function writeRevoked(to: FrameWriter, push: Omit<Revoked, "verb">): void {
  to.begin(pushVerbs.revoked, push.id).u64(push.generation).u32(push.deadlineMs);
  writePartitions(to, push.partitions);
  to.end();
}

export const readRevoked = (from: PayloadReader, id: number): Revoked => ({
  verb: "revoked",
  id,
  generation: from.u64(),
  deadlineMs: from.u32(),
  partitions: readPartitions(from),
});
