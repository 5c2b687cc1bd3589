/** What a client can say, and the one place where a server turns a payload into it. */
import { type BrowseQueueRequest, readBrowseQueue } from "./browse.ts";
import { type DeleteTopicRequest, type ListRequest, readDeleteTopic, readList } from "./catalog.ts";
import { decodePayload } from "./decode-payload.ts";
import {
  type DeleteBeforeRequest,
  type FetchRequest,
  type ListenRequest,
  type OffsetAtRequest,
  readDeleteBefore,
  readFetch,
  readListen,
  readOffsetAt,
} from "./fetch.ts";
import {
  type Beat,
  type CommitRequest,
  type CommittedRequest,
  type JoinRequest,
  type LeaveRequest,
  type ReleaseRequest,
  readCommit,
  readCommitted,
  readJoin,
  readLeave,
  readRelease,
} from "./group.ts";
import { type DescribeGroupRequest, readDescribeGroup } from "./group-description.ts";
import { type Hello, readHello } from "./hello.ts";
import type { Cancel, Ping, Pong } from "./liveness.ts";
import { type PublishRequest, readPublish } from "./publish.ts";
import {
  type ConfigureQueueRequest,
  type CreateQueueRequest,
  type DescribeQueueRequest,
  readConfigureQueue,
  readCreateQueue,
  readDescribeQueue,
} from "./queue-catalog.ts";
import {
  type CancelMessageRequest,
  type DeleteQueueRequest,
  type PauseQueueRequest,
  type PurgeQueueRequest,
  type RedriveMessageRequest,
  type RescheduleMessageRequest,
  readCancelMessage,
  readDeleteQueue,
  readPauseQueue,
  readPurgeQueue,
  readRedriveMessage,
  readRescheduleMessage,
} from "./queue-control.ts";
import { PayloadReader } from "./reader.ts";
import {
  type Credit,
  type ReceiveRequest,
  readCredit,
  readReceive,
  readSubscribe,
  type SubscribeRequest,
} from "./receive.ts";
import {
  type CancelRedriveRequest,
  type ListRedrivesRequest,
  readCancelRedrive,
  readListRedrives,
  readStartRedrive,
  type StartRedriveRequest,
} from "./redrive.ts";
import { readSend, type SendRequest } from "./send.ts";
import {
  type AckRequest,
  type ExtendRequest,
  type NackRequest,
  readAck,
  readExtend,
  readNack,
} from "./settle.ts";
import {
  type ConfigureTopicRequest,
  type CreateTopicRequest,
  type DescribeTopicRequest,
  readConfigureTopic,
  readCreateTopic,
  readDescribeTopic,
} from "./topic-catalog.ts";
import { readTransact, type TransactRequest } from "./transact.ts";
import { answerBit, requestVerbs } from "./verbs.ts";
import type { WireFault } from "./wire-fault.ts";

export type ClientFrame =
  | Hello
  | Ping
  | Pong
  | Cancel
  | SendRequest
  | ReceiveRequest
  | SubscribeRequest
  | Credit
  | AckRequest
  | NackRequest
  | ExtendRequest
  | PublishRequest
  | FetchRequest
  | ListenRequest
  | OffsetAtRequest
  | TransactRequest
  | DeleteBeforeRequest
  | JoinRequest
  | Beat
  | ReleaseRequest
  | LeaveRequest
  | CommitRequest
  | CommittedRequest
  | CreateQueueRequest
  | DescribeQueueRequest
  | CreateTopicRequest
  | DescribeTopicRequest
  | ConfigureTopicRequest
  | DescribeGroupRequest
  | ListRequest
  | BrowseQueueRequest
  | CancelMessageRequest
  | RescheduleMessageRequest
  | RedriveMessageRequest
  | StartRedriveRequest
  | CancelRedriveRequest
  | ListRedrivesRequest
  | ConfigureQueueRequest
  | PauseQueueRequest
  | PurgeQueueRequest
  | DeleteQueueRequest
  | DeleteTopicRequest;

/** Decodes the payloads of one connection. Total: no input throws. Bodies are views of the payload. */
export class RequestDecoder {
  readonly #from = new PayloadReader();

  decode(payload: Uint8Array): ClientFrame | WireFault {
    return decodePayload(this.#from, payload, read);
  }
}

function read(verb: number, id: number, from: PayloadReader): ClientFrame | undefined {
  switch (verb) {
    case requestVerbs.hello:
      return readHello(from, id);
    case requestVerbs.ping:
      return { verb: "ping", id };
    case requestVerbs.ping | answerBit:
      return { verb: "pong", id };
    case requestVerbs.cancel:
      return { verb: "cancel", id };
    case requestVerbs.send:
      return readSend(from, id);
    case requestVerbs.receive:
      return readReceive(from, id);
    case requestVerbs.subscribe:
      return readSubscribe(from, id);
    case requestVerbs.credit:
      return readCredit(from, id);
    case requestVerbs.ack:
      return readAck(from, id);
    case requestVerbs.nack:
      return readNack(from, id);
    case requestVerbs.extend:
      return readExtend(from, id);
    case requestVerbs.publish:
      return readPublish(from, id);
    case requestVerbs.fetch:
      return readFetch(from, id);
    case requestVerbs.listen:
      return readListen(from, id);
    case requestVerbs.offsetAt:
      return readOffsetAt(from, id);
    case requestVerbs.transact:
      return readTransact(from, id);
    case requestVerbs.deleteBefore:
      return readDeleteBefore(from, id);
    case requestVerbs.join:
      return readJoin(from, id);
    case requestVerbs.beat:
      return { verb: "beat", id };
    case requestVerbs.release:
      return readRelease(from, id);
    case requestVerbs.leave:
      return readLeave(from, id);
    case requestVerbs.commit:
      return readCommit(from, id);
    case requestVerbs.committed:
      return readCommitted(from, id);
    case requestVerbs.createQueue:
      return readCreateQueue(from, id);
    case requestVerbs.describeQueue:
      return readDescribeQueue(from, id);
    case requestVerbs.createTopic:
      return readCreateTopic(from, id);
    case requestVerbs.describeTopic:
      return readDescribeTopic(from, id);
    case requestVerbs.configureTopic:
      return readConfigureTopic(from, id);
    case requestVerbs.describeGroup:
      return readDescribeGroup(from, id);
    case requestVerbs.list:
      return readList(from, id);
    case requestVerbs.browseQueue:
      return readBrowseQueue(from, id);
    case requestVerbs.cancelMessage:
      return readCancelMessage(from, id);
    case requestVerbs.rescheduleMessage:
      return readRescheduleMessage(from, id);
    case requestVerbs.redriveMessage:
      return readRedriveMessage(from, id);
    case requestVerbs.startRedrive:
      return readStartRedrive(from, id);
    case requestVerbs.cancelRedrive:
      return readCancelRedrive(from, id);
    case requestVerbs.listRedrives:
      return readListRedrives(from, id);
    case requestVerbs.configureQueue:
      return readConfigureQueue(from, id);
    case requestVerbs.pauseQueue:
      return readPauseQueue(from, id);
    case requestVerbs.purgeQueue:
      return readPurgeQueue(from, id);
    case requestVerbs.deleteQueue:
      return readDeleteQueue(from, id);
    case requestVerbs.deleteTopic:
      return readDeleteTopic(from, id);
    default:
      return undefined;
  }
}
