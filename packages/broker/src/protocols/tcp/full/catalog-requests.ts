/** The verbs that make queues and topics and tell about them. */
import {
  type ConfigureQueueRequest,
  type ConfigureTopicRequest,
  type CreateQueueRequest,
  type CreateTopicRequest,
  type DeleteTopicRequest,
  type DescribeQueueRequest,
  type DescribeTopicRequest,
  entryCountMax,
  type ListRequest,
  writeCreated,
  writeNames,
  writeQueue,
  writeTopic,
} from "@sluice/protocol/full";
import { answerChange, refuseAs, type Session } from "./session.ts";

export async function createQueue(session: Session, request: CreateQueueRequest): Promise<void> {
  const { id, queue, settings } = request;
  const result = await session.broker.createQueue({ ...settings, queue });
  if (!result.ok) return refuseAs(session, id, result);
  writeCreated(session.to, "createQueue", { id, created: result.created });
  session.answered();
}

export function configureQueue(session: Session, request: ConfigureQueueRequest): Promise<void> {
  const { id, queue, settings } = request;
  const changed = session.broker.configureQueue({ ...settings, queue });
  return answerChange(session, "configureQueue", id, changed);
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

export function configureTopic(session: Session, request: ConfigureTopicRequest): Promise<void> {
  const { id, topic, retentionMs, retentionBytes } = request;
  const changed = session.broker.configureTopic({
    topic,
    ...(retentionMs !== undefined && { retentionMs }),
    ...(retentionBytes !== undefined && { retentionBytes }),
  });
  return answerChange(session, "configureTopic", id, changed);
}

export const deleteTopic = (session: Session, { id, topic }: DeleteTopicRequest): Promise<void> =>
  answerChange(session, "deleteTopic", id, session.broker.deleteTopic(topic));

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
