/** What reading a record of the journal gives. Bytes that are none are an answer, not an exception: they must cost one record only. */

export type DecodedRecord<Fact> =
  | { readonly ok: true; readonly record: Fact }
  | { readonly ok: false; readonly problem: "unknown-type" | "malformed"; readonly detail: string };

export const unknownType = (of: string, type: number) =>
  ({
    ok: false,
    problem: "unknown-type",
    detail: `A ${of} record of type ${type} is none that this version knows.`,
  }) as const;

export const malformed = (of: string, type: number, headBytes: number, bodies: number) =>
  ({
    ok: false,
    problem: "malformed",
    detail: `A ${of} record of type ${type} with ${headBytes} bytes of head and ${bodies} bodies does not have the layout of its type.`,
  }) as const;
