/** The verbs of consumer groups. What a membership does between them stands in standing-membership.ts. */
import {
  type CommitRequest,
  type CommittedRequest,
  type DescribeGroupRequest,
  type JoinRequest,
  type LeaveRequest,
  type ReleaseRequest,
  type WireOffset,
  writeCommittedOffsets,
  writeGroup,
  writeLeft,
  writeOffsetsCommitted,
  writeReleased,
} from "@sluice/protocol/full";
import { answerBytesMax } from "./reads.ts";
import { protocolRefusal, refuse, refuseAs, type Session } from "./session.ts";
import { StandingMembership } from "./standing-membership.ts";

/** In a description: a name with its length, and a partition, which is two names and numbers. */
const nameBytesMax = 256;
const partitionBytesMax = 2 * nameBytesMax + 24;

export async function join(session: Session, request: JoinRequest): Promise<void> {
  const standing = new StandingMembership(session, request);
  session.standing.set(request.id, standing);
  await standing.join();
}

export async function release(session: Session, request: ReleaseRequest): Promise<void> {
  const { id, membership } = request;
  const standing = membershipOf(session, membership);
  if (standing === undefined) return refuseUnknown(session, id, membership);
  const result = await standing.release(request);
  if (!result.ok) return refuseAs(session, id, result);
  writeReleased(session.to, id);
  session.answered();
}

export async function leave(session: Session, { id, membership }: LeaveRequest): Promise<void> {
  const standing = membershipOf(session, membership);
  if (standing === undefined) return refuseUnknown(session, id, membership);
  session.standing.delete(membership);
  const result = await standing.leave();
  if (!result.ok) return refuseAs(session, id, result);
  writeLeft(session.to, id);
  session.answered();
}

export async function describeGroup(session: Session, { id, group }: DescribeGroupRequest): Promise<void> {
  const result = await session.broker.describeGroup(group);
  if (!result.ok) return refuseAs(session, id, result);
  const { description } = result;
  const names = description.members.reduce((sum, { topics }) => sum + 1 + topics.length, 0);
  const bytes = nameBytesMax * names + partitionBytesMax * description.partitions.length;
  if (bytes > answerBytesMax) {
    const sentence = `The group has ${description.partitions.length} partitions and its members name ${names} topics: too much for a frame.`;
    return refuse(session, id, protocolRefusal("limit-exceeded", sentence));
  }
  writeGroup(session.to, { id, ...description });
  session.answered();
}

export async function commit(session: Session, request: CommitRequest): Promise<void> {
  const { id, group, generation, offsets } = request;
  const result = await session.broker.commitOffsets({ group, generation, offsets });
  if (!result.ok) return refuseAs(session, id, result);
  writeOffsetsCommitted(session.to, id, result.durability);
  session.answered();
}

export async function committed(session: Session, request: CommittedRequest): Promise<void> {
  const { id, group, partitions } = request;
  const results = await Promise.all(
    partitions.map(({ topic, partition }) => session.broker.committedOffset({ group, topic, partition })),
  );
  const offsets: WireOffset[] = [];
  for (const [i, result] of results.entries()) {
    if (!result.ok) return refuseAs(session, id, result);
    const place = partitions[i];
    if (place !== undefined && result.offset !== undefined) offsets.push({ ...place, offset: result.offset });
  }
  writeCommittedOffsets(session.to, id, offsets);
  session.answered();
}

function membershipOf(session: Session, id: number): StandingMembership | undefined {
  const standing = session.standing.get(id);
  return standing instanceof StandingMembership ? standing : undefined;
}

const refuseUnknown = (session: Session, id: number, membership: number): void =>
  refuse(session, id, protocolRefusal("unknown-membership", `There is no membership ${membership} here.`));
