/** What a server can say, and the one place where a client turns a payload into it. */
import { parseErrorFrame } from "../error-frame.ts";
import { type BrowsedAnswer, readBrowsed } from "./browse.ts";
import {
  type ChangedAnswer,
  type CreatedAnswer,
  type NamesAnswer,
  readChanged,
  readCreated,
  readNames,
} from "./catalog.ts";
import { decodePayload } from "./decode-payload.ts";
import {
  type FetchedAnswer,
  type ListeningAnswer,
  type OffsetAnswer,
  type RecordsPush,
  readFetched,
  readOffset,
  readRecords,
} from "./fetch.ts";
import {
  type Assigned,
  type CommittedOffsetsAnswer,
  type OffsetsCommittedAnswer,
  type Revoked,
  readAssigned,
  readCommittedOffsets,
  readOffsetsCommitted,
  readRevoked,
} from "./group.ts";
import { type GroupAnswer, readGroup } from "./group-description.ts";
import { readWelcome, type Welcome } from "./hello.ts";
import { type Ended, type Goaway, type Ping, type Pong, readEnded, readGoaway } from "./liveness.ts";
import { type PublishedAnswer, readPublished } from "./publish.ts";
import { type QueueAnswer, readQueue } from "./queue-catalog.ts";
import { type PurgedAnswer, readPurged } from "./queue-control.ts";
import { PayloadReader } from "./reader.ts";
import {
  type Deliver,
  type ReceivedAnswer,
  readDeliver,
  readReceived,
  type SubscribedAnswer,
} from "./receive.ts";
import { type RedrivesAnswer, type RedrivingAnswer, readRedrives, readRedriving } from "./redrive.ts";
import { type RefusedAnswer, readRefused } from "./refusal.ts";
import { readSent, type SentAnswer } from "./send.ts";
import { readSettled, type SettledAnswer } from "./settle.ts";
import { readTopic, type TopicAnswer } from "./topic-catalog.ts";
import { readTransacted, type TransactedAnswer } from "./transact.ts";
import { answerBit, pushVerbs, refusedVerb, requestVerbs } from "./verbs.ts";
import type { WireFault } from "./wire-fault.ts";

/** An answer that says nothing but that it was done. */
export type DoneAnswer = Done<"joined"> | Done<"released"> | Done<"left">;

interface Done<Verb> {
  readonly verb: Verb;
  readonly id: number;
}

/** The last frame of a connection: `ERROR <code> <sentence>`, as in the classic roles. */
export interface ErrorFrame {
  readonly verb: "error";
  readonly id: 0;
  readonly code: string;
  readonly sentence: string;
}

export type Answer =
  | Welcome
  | RefusedAnswer
  | SentAnswer
  | ReceivedAnswer
  | SubscribedAnswer
  | SettledAnswer
  | PublishedAnswer
  | FetchedAnswer
  | ListeningAnswer
  | OffsetAnswer
  | TransactedAnswer
  | DoneAnswer
  | OffsetsCommittedAnswer
  | CommittedOffsetsAnswer
  | CreatedAnswer
  | QueueAnswer
  | TopicAnswer
  | GroupAnswer
  | NamesAnswer
  | ChangedAnswer
  | PurgedAnswer
  | BrowsedAnswer
  | RedrivingAnswer
  | RedrivesAnswer;

export type Push = Deliver | RecordsPush | Ended | Assigned | Revoked | Goaway | ErrorFrame;

export type ServerFrame = Answer | Push | Ping | Pong;

/** Decodes the payloads of one connection. Total: no input throws. Bodies are views of the payload. */
export class ReplyDecoder {
  readonly #from = new PayloadReader();

  decode(payload: Uint8Array): ServerFrame | WireFault {
    if (payload[0] === pushVerbs.error) return readError(payload);
    return decodePayload(this.#from, payload, read);
  }
}

function read(verb: number, id: number, from: PayloadReader): ServerFrame | undefined {
  switch (verb) {
    case pushVerbs.deliver:
      return readDeliver(from, id);
    case pushVerbs.records:
      return readRecords(from, id);
    case pushVerbs.ended:
      return readEnded(from, id);
    case pushVerbs.assigned:
      return readAssigned(from, id);
    case pushVerbs.revoked:
      return readRevoked(from, id);
    case pushVerbs.goaway:
      return readGoaway(from);
    case requestVerbs.ping:
      return { verb: "ping", id };
    case refusedVerb:
      return readRefused(from, id);
    default:
      return (verb & answerBit) === 0 ? undefined : readAnswer(verb ^ answerBit, id, from);
  }
}

function readAnswer(verb: number, id: number, from: PayloadReader): ServerFrame | undefined {
  switch (verb) {
    case requestVerbs.hello:
      return readWelcome(from, id);
    case requestVerbs.ping:
      return { verb: "pong", id };
    case requestVerbs.send:
      return readSent(from, id);
    case requestVerbs.receive:
      return readReceived(from, id);
    case requestVerbs.subscribe:
      return { verb: "subscribed", id };
    case requestVerbs.ack:
      return readSettled(from, id, "acked");
    case requestVerbs.nack:
      return readSettled(from, id, "nacked");
    case requestVerbs.extend:
      return readSettled(from, id, "extended");
    case requestVerbs.publish:
      return readPublished(from, id);
    case requestVerbs.fetch:
      return readFetched(from, id);
    case requestVerbs.listen:
      return { verb: "listening", id };
    case requestVerbs.offsetAt:
      return readOffset(from, id);
    case requestVerbs.transact:
      return readTransacted(from, id);
    case requestVerbs.join:
      return { verb: "joined", id };
    case requestVerbs.release:
      return { verb: "released", id };
    case requestVerbs.leave:
      return { verb: "left", id };
    case requestVerbs.commit:
      return readOffsetsCommitted(from, id);
    case requestVerbs.committed:
      return readCommittedOffsets(from, id);
    case requestVerbs.createQueue:
    case requestVerbs.createTopic:
      return readCreated(from, id);
    case requestVerbs.describeQueue:
      return readQueue(from, id);
    case requestVerbs.describeTopic:
      return readTopic(from, id);
    case requestVerbs.describeGroup:
      return readGroup(from, id);
    case requestVerbs.list:
      return readNames(from, id);
    case requestVerbs.deleteBefore:
    case requestVerbs.configureTopic:
    case requestVerbs.deleteTopic:
    case requestVerbs.configureQueue:
    case requestVerbs.deleteQueue:
    case requestVerbs.pauseQueue:
    case requestVerbs.cancelMessage:
    case requestVerbs.rescheduleMessage:
    case requestVerbs.redriveMessage:
    case requestVerbs.cancelRedrive:
      return readChanged(from, id);
    case requestVerbs.purgeQueue:
      return readPurged(from, id);
    case requestVerbs.browseQueue:
      return readBrowsed(from, id);
    case requestVerbs.startRedrive:
      return readRedriving(from, id);
    case requestVerbs.listRedrives:
      return readRedrives(from, id);
    default:
      return undefined;
  }
}

function readError(payload: Uint8Array): ErrorFrame | WireFault {
  const error = parseErrorFrame(payload);
  if (error !== undefined) return { verb: "error", id: 0, code: error.code, sentence: error.sentence };
  return { verb: "unreadable", id: 0, code: "malformed", sentence: "It begins like an error and is none." };
}
