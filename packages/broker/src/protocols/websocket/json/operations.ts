/** What a client can ask for: each op with the fields that it takes, which are those of HTTP where HTTP has it too. */
import { ProblemError, problem } from "@sluice/http-edge";
import Type, { type Static, type TSchema } from "typebox";
import { deliveryOf, dequeueSchema, receiveRequest } from "../../http/dequeue.ts";
import { enqueue, enqueueSchema } from "../../http/enqueue.ts";
import { answerBytesMax, messageBytesMax } from "../../http/limits.ts";
import { answered, failed, type Outcome, refusedBy } from "../../http/outcome.ts";
import { publish, publishSchema } from "../../http/publish.ts";
import { ack, ackSchema, extend, extendSchema, nack, nackSchema } from "../../http/settle.ts";
import { transact, transactSchema } from "../../http/transact.ts";
import { compileValidator } from "../../http/validation.ts";
import type { Answer, JsonSession } from "./session.ts";
import {
  credit,
  creditSchema,
  subscribe,
  subscribeSchema,
  unsubscribe,
  unsubscribeSchema,
} from "./subscribe.ts";

export interface Operation {
  /** Of its fields. */
  readonly schema: TSchema;
  /** Whether it is still taken while the server shuts down: it finishes what was begun. */
  readonly finishes: boolean;
  /** Whether it may wait for long, and must not keep others from being read. */
  readonly waits: boolean;
  /** Checks the fields, does it and answers. A promise resolves when it was answered. */
  readonly run: (session: JsonSession, fields: object, answer: Answer) => Promise<void> | undefined;
}

type Run<Schema extends TSchema> = (
  session: JsonSession,
  request: Static<Schema>,
  answer: Answer,
) => Promise<Outcome<object> | undefined> | Outcome<object> | undefined;

/** `run` answers itself, or says what is to be answered. */
function operation<Schema extends TSchema>(
  schema: Schema,
  run: Run<Schema>,
  { finishes = false, waits = false } = {},
): Operation {
  const validate = compileValidator({ schema, method: "", url: "", httpPart: "message" });
  return {
    schema,
    finishes,
    waits,
    run: (session, fields, answer) => {
      const checked = validate(fields) as { value: Static<Schema> } | { error: Error };
      if ("error" in checked) {
        const { error } = checked;
        answer(
          failed(
            error instanceof ProblemError ? error.problem : problem(400, "invalid-field", error.message),
          ),
        );
        return undefined;
      }
      const outcome = run(session, checked.value, answer);
      if (outcome instanceof Promise) return outcome.then((found) => found && answer(found));
      if (outcome !== undefined) answer(outcome);
      return undefined;
    },
  };
}

const finishes = { finishes: true };

export const operations: ReadonlyMap<string, Operation> = new Map([
  ["enqueue", operation(enqueueSchema, ({ broker }, request) => enqueue(broker, request))],
  ["dequeue", operation(dequeueSchema, dequeue, { waits: true })],
  ["ack", operation(ackSchema, acked, finishes)],
  ["nack", operation(nackSchema, nacked, finishes)],
  ["extend", operation(extendSchema, ({ broker }, request) => extend(broker, request), finishes)],
  ["publish", operation(publishSchema, ({ broker }, request) => publish(broker, request))],
  ["transact", operation(transactSchema, transacted, finishes)],
  ["subscribe", operation(subscribeSchema, subscribe)],
  ["credit", operation(creditSchema, credit, finishes)],
  ["unsubscribe", operation(unsubscribeSchema, unsubscribe, finishes)],
  ["ping", operation(Type.Object({}, { additionalProperties: false }), () => answered({}), finishes)],
]);

async function dequeue(
  session: JsonSession,
  fields: Static<typeof dequeueSchema>,
  answer: Answer,
): Promise<Outcome<object> | undefined> {
  const { broker, reads, held } = session;
  const request = receiveRequest(fields);
  const bytesMax = Math.min(request.max * messageBytesMax, answerBytesMax);
  const tooMuch = reads.refusal(bytesMax);
  if (tooMuch !== undefined) return failed(problem(429, "limit-exceeded", tooMuch));
  const result = await reads.run(session.nextNumber(), bytesMax, request.waitMs > 0, (signal) =>
    broker.receive({ ...request, ...(signal !== undefined && { signal }) }),
  );
  if (result === undefined) return answered({ messages: [] });
  if (!result.ok) return refusedBy(result);
  const { deliveries } = result;
  for (const { receipt } of deliveries) held.add(request.queue, receipt);
  answer(answered({ messages: deliveries.map(deliveryOf) }), () => {
    for (const { receipt } of deliveries) held.handedOver(receipt);
  });
  return undefined;
}

async function acked(
  { broker, held }: JsonSession,
  request: Static<typeof ackSchema>,
): Promise<Outcome<object>> {
  const outcome = await ack(broker, request);
  if (request.receipt !== undefined && isOver(outcome)) held.settled(request.receipt);
  if (!outcome.ok) return outcome;
  for (const [i, receipt] of (request.receipts ?? []).entries()) {
    const result = outcome.answer.results?.[i];
    if (result !== undefined && (result.code ?? staleReceipt) === staleReceipt) held.settled(receipt);
  }
  return outcome;
}

async function nacked(
  { broker, held }: JsonSession,
  request: Static<typeof nackSchema>,
): Promise<Outcome<object>> {
  const outcome = await nack(broker, request);
  if (isOver(outcome)) held.settled(request.receipt);
  return outcome;
}

const staleReceipt = "stale-receipt";

/** Whether the connection holds the delivery no more. After any other refusal it does: the receipt may have been said for the wrong queue. */
const isOver = (outcome: Outcome<object>): boolean => outcome.ok || outcome.problem.code === staleReceipt;

async function transacted(
  { broker, held }: JsonSession,
  request: Static<typeof transactSchema>,
): Promise<Outcome<object>> {
  const outcome = await transact(broker, request);
  if (!outcome.ok) return outcome;
  for (const { receipts } of request.acks ?? []) for (const receipt of receipts) held.settled(receipt);
  return outcome;
}
