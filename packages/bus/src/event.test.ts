/** What fits an event and what does not, and that the error says where. */
import { deepEqual, equal, throws } from "node:assert/strict";
import test from "node:test";
import { Type } from "typebox";
import { event } from "./event.ts";
import { InvalidEvent } from "./faults.ts";

const ticketSold = event({
  type: "ticket.sold",
  topic: "tickets",
  schema: Type.Object({
    buyer: Type.String({ minLength: 1 }),
    soldAt: Type.String({ format: "date-time" }),
    seats: Type.Array(
      Type.Object({ row: Type.Integer(), side: Type.Union([Type.Literal("left"), Type.Literal("right")]) }),
    ),
    note: Type.Optional(Type.String()),
    door: Type.Union([Type.String(), Type.Null()]),
  }),
  key: (sold) => sold.buyer,
});

const sold = {
  buyer: "ada",
  soldAt: "2026-01-01T10:00:00+01:00",
  seats: [{ row: 1, side: "left" }],
  door: null,
};

test("data that fits comes back as it is, with fields that the schema does not know", () => {
  const data = { ...sold, later: "field" };
  equal(ticketSold.parse(data), data);
  equal(ticketSold.key(ticketSold.parse(data)), "ada");
});

const misfits: readonly [why: string, data: unknown, field: string, message: string][] = [
  ["nothing at all", undefined, "", "ticket.sold: the data must be object"],
  ["a list", [], "", "ticket.sold: the data must be object"],
  ["an undefined field", { ...sold, buyer: undefined }, "buyer", "ticket.sold: buyer is missing"],
  [
    "an absent field",
    { soldAt: sold.soldAt, seats: [], door: null },
    "buyer",
    "ticket.sold: buyer is missing",
  ],
  [
    "an empty text",
    { ...sold, buyer: "" },
    "buyer",
    "ticket.sold: buyer must NOT have fewer than 1 characters",
  ],
  [
    "a day that is not",
    { ...sold, soldAt: "2026-02-30T00:00:00Z" },
    "soldAt",
    'ticket.sold: soldAt must match format "date-time"',
  ],
  [
    "a field deep within",
    { ...sold, seats: [sold.seats[0], { row: 1.5, side: "left" }] },
    "seats/1/row",
    "ticket.sold: seats/1/row must be integer",
  ],
  [
    "an absent field deep within",
    { ...sold, seats: [{ row: 1 }] },
    "seats/0/side",
    "ticket.sold: seats/0/side is missing",
  ],
  ["none of a union", { ...sold, door: 7 }, "door", "ticket.sold: door must match a schema in anyOf"],
];

for (const [why, data, field, message] of misfits) {
  test(`refused: ${why}`, () => {
    throws(
      () => ticketSold.parse(data),
      (error) => {
        deepEqual(error instanceof InvalidEvent && [error.code, error.field, error.message], [
          "invalid-event",
          field,
          message,
        ]);
        return true;
      },
    );
  });
}

test("the schema has a URI: the one that is declared, its $id, or one made of the type", () => {
  const declare = (schema: { $id?: string }, dataSchema?: string) =>
    event({
      type: "t",
      topic: "t",
      schema: Type.Object({}, schema),
      key: () => "",
      ...(dataSchema && { dataSchema }),
    });
  equal(declare({}, "https://example.org/a").dataSchema, "https://example.org/a");
  equal(declare({ $id: "https://example.org/b" }).dataSchema, "https://example.org/b");
  equal(declare({}).dataSchema, "urn:sluice:event:t");
});
