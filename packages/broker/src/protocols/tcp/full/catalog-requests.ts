/** The verbs that make queues and topics and tell about them. */
import {
  type ConfigureTopicRequest,
  type CreateQueueRequest,
  type CreateTopicRequest,
  type DescribeQueueRequest,
  type DescribeTopicRequest,
  entryCountMax,
  type ListRequest,
  writeConfigured,
  writeCreated,
  writeNames,
  writeQueue,
  writeTopic,
} from "@sluice/protocol/full";
import { refuseAs, type Session } from "./session.ts";

export async function createQueue(session: Session, request: CreateQueueRequest): Promise<void> {
  const { id, queue, visibilityTimeoutMs, deadLetter, messageCountMax, bodyBytesMax, durability } = request;
  const result = await session.broker.createQueue({
    queue,
    ...(visibilityTimeoutMs !== undefined && { visibilityTimeoutMs }),
    ...(deadLetter !== undefined && { deadLetter }),
    ...(messageCountMax !== undefined && { messageCountMax }),
    ...(bodyBytesMax !== undefined && { bodyBytesMax }),
    ...(durability !== undefined && { durability }),
  });
  if (!result.ok) return refuseAs(session, id, result);
  writeCreated(session.to, "createQueue", { id, created: result.created });
  session.answered();
}

export async function createTopic(session: Session, request: CreateTopicRequest): Promise<void> {
  const { id, topic, partitionCount, retention, durability, retentionMs, retentionBytes } = request;
  const result = await session.broker.createTopic({
    topic,
    ...(partitionCount !== undefined && { partitionCount }),
    ...(retention !== undefined && { retention }),
    ...(durability !== undefined && { durability }),
    ...(retentionMs !== undefined && { retentionMs }),
    ...(retentionBytes !== undefined && { retentionBytes }),
  });
  if (!result.ok) return refuseAs(session, id, result);
  writeCreated(session.to, "createTopic", { id, created: result.created });
  session.answered();
}

export async function configureTopic(session: Session, request: ConfigureTopicRequest): Promise<void> {
  const { id, topic, retentionMs, retentionBytes } = request;
  const result = await session.broker.configureTopic({
    topic,
    ...(retentionMs !== undefined && { retentionMs }),
    ...(retentionBytes !== undefined && { retentionBytes }),
  });
  if (!result.ok) return refuseAs(session, id, result);
  writeConfigured(session.to, id, result.durability);
  session.answered();
}

export async function describeQueue(session: Session, { id, queue }: DescribeQueueRequest): Promise<void> {
  const result = await session.broker.describeQueue(queue);
  if (!result.ok) return refuseAs(session, id, result);
  writeQueue(session.to, { id, ...result.description });
  session.answered();
}

export async function describeTopic(session: Session, { id, topic }: DescribeTopicRequest): Promise<void> {
  const result = await session.broker.describeTopic(topic);
  if (!result.ok) return refuseAs(session, id, result);
  writeTopic(session.to, { id, ...result.description });
  session.answered();
}

export async function list(session: Session, { id, what, after, max }: ListRequest): Promise<void> {
  const { broker } = session;
  const all = what === "queues" ? broker.listQueues() : broker.listTopics();
  const behind = all.filter((name) => name > after).sort();
  const names = behind.slice(0, Math.min(max, entryCountMax));
  writeNames(session.to, { id, more: names.length < behind.length, names });
  session.answered();
}
