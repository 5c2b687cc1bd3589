/** The log of the waiting room: the topic that is the truth, and the schema that its records are checked against when they are read back. */
import { type EventType, event } from "@sluice/bus";
import Type from "typebox";
import type { LineRecord } from "../line/index.ts";

const id = Type.String({ minLength: 1 });
const wallMs = Type.Integer({ minimum: 0 });
const whole = Type.Integer({ minimum: 0 });
const inRoom = { event_id: id, at_ms: wallMs };
const ofSession = { ...inRoom, session_id: id };

const recordSchema = Type.Union([
  Type.Object({ kind: Type.Literal("room-set"), ...inRoom, capacity: whole }),
  Type.Object({ kind: Type.Literal("room-closed"), ...inRoom }),
  Type.Object({
    kind: Type.Literal("joined"),
    ...ofSession,
    user_id: id,
    sequence: Type.Integer({ minimum: 1 }),
    position: Type.Integer({ minimum: 1 }),
    token_id: id,
  }),
  Type.Object({
    kind: Type.Literal("admitted"),
    ...ofSession,
    user_id: id,
    token_id: id,
    key_id: id,
    expires_at_ms: wallMs,
  }),
  Type.Object({
    kind: Type.Literal("left"),
    ...ofSession,
    user_id: id,
    reason: Type.Union([Type.Literal("user_left"), Type.Literal("timeout"), Type.Literal("expired")]),
  }),
  Type.Object({
    kind: Type.Literal("checkout-ended"),
    ...ofSession,
    order_id: id,
    outcome: Type.Union([Type.Literal("completed"), Type.Literal("failed"), Type.Literal("expired")]),
  }),
]);

/** `waitroom.records`, keyed by `event_id`. The annotation holds the schema and the rules' own type to each other. */
export const lineRecords: EventType<LineRecord> = event({
  type: "waitroom.record",
  topic: "waitroom.records",
  schema: recordSchema,
  key: (record) => record.event_id,
});
