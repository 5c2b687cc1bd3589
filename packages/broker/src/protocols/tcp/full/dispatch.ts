/** Which handler answers which verb. Those that do not ask the broker are done here. */
import type { ClientFrame } from "@sluice/protocol/full";
import {
  configureQueue,
  configureTopic,
  createQueue,
  createTopic,
  deleteTopic,
  describeQueue,
  describeTopic,
  list,
} from "./catalog-requests.ts";
import {
  browseQueue,
  cancelMessage,
  cancelRedrive,
  deleteQueue,
  listRedrives,
  pauseQueue,
  purgeQueue,
  redriveMessage,
  rescheduleMessage,
  startRedrive,
} from "./control-requests.ts";
import { commit, committed, describeGroup, join, leave, release } from "./group-requests.ts";
import { LiveFeed } from "./live-feed.ts";
import { ack, extend, nack, receive, send } from "./queue-requests.ts";
import { QueueSubscription } from "./queue-subscription.ts";
import { protocolRefusal, refuse, type Session, shuttingDown } from "./session.ts";
import { StandingMembership } from "./standing-membership.ts";
import { deleteBefore, fetch, offsetAt, publish, transact } from "./topic-requests.ts";

/** What a client may say after its hello. */
export type Said = Exclude<ClientFrame, { readonly verb: "hello" | "ping" | "pong" }>;

/** What is still taken while the connection drains: it finishes what was begun. */
const finishing: ReadonlySet<Said["verb"]> = new Set([
  "cancel",
  "credit",
  "ack",
  "nack",
  "extend",
  "beat",
  "release",
  "leave",
  "commit",
  "committed",
]);

/** Does what was asked. A promise resolves when it was answered; without one nothing is left to be done. */
export function dispatch(session: Session, said: Said): Promise<void> | undefined {
  if (session.draining && !finishing.has(said.verb)) {
    refuse(session, said.id, shuttingDown);
    return undefined;
  }
  if ("sequence" in said && said.sequence !== undefined && session.producer === "") {
    refuse(
      session,
      said.id,
      protocolRefusal("invalid-field", "A sequence needs the producer that hello names."),
    );
    return undefined;
  }
  switch (said.verb) {
    case "send":
      return send(session, said);
    case "receive":
      return receive(session, said);
    case "ack":
      return ack(session, said);
    case "nack":
      return nack(session, said);
    case "extend":
      return extend(session, said);
    case "publish":
      return publish(session, said);
    case "fetch":
      return fetch(session, said);
    case "offsetAt":
      return offsetAt(session, said);
    case "deleteBefore":
      return deleteBefore(session, said);
    case "configureTopic":
      return configureTopic(session, said);
    case "describeGroup":
      return describeGroup(session, said);
    case "transact":
      return transact(session, said);
    case "commit":
      return commit(session, said);
    case "committed":
      return committed(session, said);
    case "createQueue":
      return createQueue(session, said);
    case "createTopic":
      return createTopic(session, said);
    case "describeQueue":
      return describeQueue(session, said);
    case "describeTopic":
      return describeTopic(session, said);
    case "list":
      return list(session, said);
    case "configureQueue":
      return configureQueue(session, said);
    case "deleteQueue":
      return deleteQueue(session, said);
    case "deleteTopic":
      return deleteTopic(session, said);
    case "pauseQueue":
      return pauseQueue(session, said);
    case "purgeQueue":
      return purgeQueue(session, said);
    case "browseQueue":
      return browseQueue(session, said);
    case "cancelMessage":
      return cancelMessage(session, said);
    case "rescheduleMessage":
      return rescheduleMessage(session, said);
    case "redriveMessage":
      return redriveMessage(session, said);
    case "startRedrive":
      return startRedrive(session, said);
    case "cancelRedrive":
      return cancelRedrive(session, said);
    case "listRedrives":
      return listRedrives(session, said);
    case "release":
      return release(session, said);
    case "leave":
      return leave(session, said);
    case "join":
      return admit(session, said.id) ? join(session, said) : undefined;
    case "subscribe":
      if (admit(session, said.id)) session.standing.set(said.id, new QueueSubscription(session, said));
      return undefined;
    case "listen":
      if (admit(session, said.id)) listen(session, new LiveFeed(session, said), said.id);
      return undefined;
    case "credit":
      session.standing.get(said.id)?.credit(said.add);
      return undefined;
    case "beat":
      beat(session, said.id);
      return undefined;
    case "cancel":
      session.reads.cancel(said.id);
      session.standing.get(said.id)?.cancel();
      return undefined;
    default:
      said satisfies never;
  }
}

function listen(session: Session, feed: LiveFeed, id: number): void {
  session.standing.set(id, feed);
  if (!feed.start()) session.standing.delete(id);
}

function beat(session: Session, id: number): void {
  const standing = session.standing.get(id);
  if (standing instanceof StandingMembership) standing.beat();
}

/** Whether one more subscription or membership may begin under that id; refuses it when not. */
function admit(session: Session, id: number): boolean {
  const { standing, limits } = session;
  if (standing.has(id)) {
    refuse(session, id, protocolRefusal("limit-exceeded", `The id ${id} names a subscription already.`));
    return false;
  }
  if (standing.size < limits.subscriptionCountMax) return true;
  const sentence = `The connection has ${standing.size} subscriptions and memberships, as many as it may.`;
  refuse(session, id, protocolRefusal("limit-exceeded", sentence));
  return false;
}
