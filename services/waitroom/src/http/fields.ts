/** The fields that requests share, with the bounds that keep records small. */
import Type from "typebox";

/** Characters of an id that somebody else gives us, at most. */
const foreignIdCharactersMax = 128;

/** An id made by another system: 1 to 128 characters, no control characters and no half of a surrogate pair. */
export const foreignId = Type.String({
  minLength: 1,
  maxLength: foreignIdCharactersMax,
  pattern: "^[^\\p{Cc}\\p{Cs}]+$",
});

/** What an answer rests on. */
export const durability = Type.Union([
  Type.Literal("synced"),
  Type.Literal("replicated"),
  Type.Literal("buffered"),
  Type.Literal("memory"),
]);
