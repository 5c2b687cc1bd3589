/**
 * Well-formed requests with values at and beyond every bound, about queues and messages in every state: each gets one answer, a refusal has
 * a code of docs/protocol.md, and the connection and the broker work on as before. From a seed, which a failure names.
 */
import { equal, ok } from "node:assert/strict";
import { test } from "node:test";
import { brokerCodes, fullCodes } from "@sluice/protocol";
import * as full from "@sluice/protocol/full";
import { seededRandom } from "@sluice/runtime";
import { openFullFixture, send, texts } from "./full-fixture.ts";

const requests = 10_000;
const seed = 20_260_714;

const codes = new Set<string>([...brokerCodes, ...Object.keys(fullCodes)]);

/** What the values of the requests are drawn from. */
function draws() {
  const random = seededRandom(seed);
  const of = <T>(...some: readonly T[]): T => some[Math.floor(random.unit() * some.length)] as T;
  const queue = () =>
    random.unit() < 0.9 ? of("jobs", "jobs", "dead") : of("none", "", "no name", "x".repeat(250), "é");
  const whole = () =>
    of(0, 0, 1, 2, 9, 10, 255, 1_000, 1_001, 86_400_000, 0xffff_ffff, Number.MAX_SAFE_INTEGER);
  const real = () =>
    of(
      0,
      -0,
      -1,
      0.001,
      0.5,
      1,
      1.5,
      10,
      1_001,
      1e308,
      5e-324,
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
    );
  const maybe = <T>(draw: () => T): T | undefined => (random.unit() < 0.7 ? undefined : draw());
  const messageIds: string[] = [
    "00000000-0000-0000-0000-000000000000",
    "ffffffff-ffff-ffff-ffff-ffffffffffff",
  ];
  const messageId = () => of(...messageIds);
  const text = () => of("", "a", "7", "-1", "x".repeat(513), "x".repeat(4_000), "\u0000");
  return { of, queue, whole, real, maybe, messageIds, messageId, text };
}

type Draws = ReturnType<typeof draws>;
type Write = (to: full.FrameWriter, id: number) => void;

const settings = ({ of, real, whole, queue }: Draws): full.WireSettingsPatch =>
  // Few at a time: of many at least one is always refused, and the others are never tried.
  of<() => full.WireSettingsPatch>(
    () => ({}),
    () => ({ visibilityTimeoutMs: real(), inFlightMax: real() }),
    () => ({ delayMs: real(), timeToLiveMs: real(), onExpiry: of("drop", "dead-letter") }),
    () => ({ retry: { minDelayMs: real(), maxDelayMs: real() } }),
    () => ({ retry: { factor: real(), jitter: real() } }),
    () => ({ deadLetter: of(null, { queue: queue(), receiveCountMax: Math.min(whole(), 0xffff_ffff) }) }),
    () => ({ parkAfterReceives: real(), startsPerSecondMax: real() }),
    () => ({ deduplication: of("by-id", "by-content"), deduplicationWindowMs: real() }),
    () => ({ messageCountMax: real(), overflow: of("refuse", "drop-oldest") }),
    () => ({ bodyBytesMax: real(), priorityAgingMs: real() }),
    () => ({ durability: of("synced", "buffered", "memory") }),
  )();

const message = ({ of, whole, text, maybe }: Draws): full.WireMessage => ({
  body: new Uint8Array(of(0, 1, 100)),
  attributes: full.noWireAttributes,
  delayMs: maybe(whole),
  timeToLiveMs: maybe(() => of(whole(), Number.POSITIVE_INFINITY)),
  priority: maybe(() => of(0, 1, 9, 10, 255)),
  groupId: maybe(text),
  deduplicationId: maybe(text),
});

interface Held {
  readonly queue: string;
  readonly receipts: readonly full.WireReceipt[];
}

/** One request; `held` is what was received of late. */
function anyRequest(draw: Draws, held: readonly Held[]): { readonly queue: string; readonly write: Write } {
  const { of, queue, whole, real, maybe, messageId, text } = draw;
  const [on, u32] = [queue(), () => Math.min(whole(), 0xffff_ffff)];
  const handed = (): Held => of(...held, { queue: on, receipts: [{ sequence: whole(), lease: whole() }] });
  const write = of<() => Write>(
    () => {
      const messages = Array.from({ length: of(0, 1, 3) }, () => message(draw));
      return (to, id) =>
        full.writeSend(to, { id, queue: on, atomic: of(true, false), sequence: undefined, messages });
    },
    () => {
      const request = { queue: on, max: of(0, 1, 1, 10, 10, 1_001), bytesMax: u32(), waitMs: 0 };
      const visibilityTimeoutMs = maybe(() => Math.min(whole(), full.durationMsMax));
      return (to, id) => full.writeReceive(to, { ...request, id, visibilityTimeoutMs });
    },
    () => {
      const request = { ...handed(), delayMs: maybe(whole), counts: of(true, false), error: text() };
      return (to, id) => full.writeNack(to, { ...request, id });
    },
    () => {
      const acks = [handed()];
      const sends = [{ queue: queue(), messages: [message(draw)] }];
      const rest = { sequence: undefined, commit: undefined, fence: undefined, publishes: [] };
      return (to, id) => full.writeTransact(to, { ...rest, id, acks, sends });
    },
    () => (to, id) => full.writeCreateQueue(to, { id, queue: on, settings: settings(draw) }),
    () => (to, id) => full.writeConfigureQueue(to, { id, queue: on, settings: settings(draw) }),
    () => (to, id) => full.writeDescribeQueue(to, { id, queue: on }),
    () => (to, id) => full.writePauseQueue(to, { id, queue: on, paused: of(true, false, false) }),
    () => (to, id) => full.writePurgeQueue(to, { id, queue: of(on, "none", "none", "none") }),
    () => (to, id) => full.writeDeleteQueue(to, { id, queue: of(on, "none", "none", "none") }),
    () => {
      const request = {
        what: of("all", "dead-letters"),
        after: text(),
        max: u32(),
        bytesMax: u32(),
      } as const;
      return (to, id) => full.writeBrowseQueue(to, { ...request, id, queue: on });
    },
    () => (to, id) => full.writeCancelMessage(to, { id, queue: on, messageId: messageId() }),
    () => (to, id) =>
      full.writeRescheduleMessage(to, { id, queue: on, messageId: messageId(), delayMs: whole() }),
    () => (to, id) =>
      full.writeRedriveMessage(to, { id, queue: on, messageId: messageId(), to: queue() || undefined }),
    () => (to, id) =>
      full.writeStartRedrive(to, { id, queue: on, to: queue() || undefined, perSecondMax: maybe(real) }),
    () => (to, id) => full.writeCancelRedrive(to, { id, queue: on, redrive: whole() }),
    () => (to, id) => full.writeListRedrives(to, { id, queue: on }),
  )();
  return { queue: on, write };
}

test(`${requests} requests with extreme values of seed ${seed}`, async () => {
  await using port = await openFullFixture();
  const client = await port.client({ heartbeatMs: 60_000 });
  const draw = draws();
  const held: Held[] = [];
  const heard = new Map<string, number>();
  for (let i = 0; i < requests; i++) {
    const { queue, write } = anyRequest(draw, held);
    const id = client.say(write);
    let answer = await client.next();
    while (answer.verb === "ping") answer = await client.next();
    equal(answer.id, id, `request ${i} was answered, not ${JSON.stringify(answer)}`);
    const what = answer.verb === "refused" ? `refused: ${answer.code}` : answer.verb;
    heard.set(what, (heard.get(what) ?? 0) + 1);
    if (answer.verb === "refused") {
      ok(codes.has(answer.code), answer.code);
      ok(answer.sentence.length > 0, `${answer.code} has a sentence`);
    } else if (answer.verb === "received") {
      for (const { sequence, lease, messageId } of answer.deliveries) {
        held.push({ queue, receipts: [{ sequence, lease }] });
        draw.messageIds.push(messageId);
      }
    } else if (answer.verb === "browsed") {
      draw.messageIds.push(...answer.messages.slice(0, 2).map(({ messageId }) => messageId));
    }
    if (i % 50 === 0) await port.clock.advance(draw.of(1, 1_000, 30_000));
    held.splice(0, held.length - 3);
    draw.messageIds.splice(2, draw.messageIds.length - 52);
  }
  for (const often of [
    "sent",
    "received",
    "nacked",
    "transacted",
    "created",
    "changed",
    "purged",
    "browsed",
  ]) {
    ok((heard.get(often) ?? 0) > 10, `${often}: ${heard.get(often)} of ${JSON.stringify([...heard])}`);
  }
  for (const once of [
    "redriving",
    "refused: redrive-running",
    "refused: message-in-flight",
    "refused: invalid-setting",
  ]) {
    ok(heard.has(once), `${once} of ${JSON.stringify([...heard])}`);
  }
  await send(client, "as-ever", "a");
  const { deliveries } = await client.ask("received", (to, id) =>
    full.writeReceive(to, {
      id,
      queue: "as-ever",
      max: 1,
      bytesMax: 1,
      waitMs: 0,
      visibilityTimeoutMs: undefined,
    }),
  );
  equal(texts(deliveries).join(), "a");
});
