/** Every scenario, in the order of the table. */
import type { Scenario } from "./scenario.ts";
import { brokerQueue, brokerTopic, latency } from "./scenarios/broker.ts";
import { chatMessage, httpEnqueue, waitroomJoin } from "./scenarios/http.ts";
import { disk, journal, replay } from "./scenarios/journal.ts";
import { memory, rules } from "./scenarios/rules.ts";
import { start } from "./scenarios/start.ts";
import { tcpBroadcast, tcpQueue } from "./scenarios/tcp.ts";
import { wireLatency, wireLive, wireQueue } from "./scenarios/wire.ts";
import { wireTopic } from "./scenarios/wire-topic.ts";
import { wireWeb } from "./scenarios/wire-web.ts";

export const scenarios: readonly Scenario[] = [
  rules,
  memory,
  disk,
  journal,
  replay,
  brokerQueue,
  brokerTopic,
  latency,
  tcpBroadcast,
  tcpQueue,
  wireTopic,
  wireQueue,
  wireWeb,
  wireLive,
  wireLatency,
  httpEnqueue,
  waitroomJoin,
  chatMessage,
  start,
];
