/** The names that users of the chat choose, and what they may look like. */
import Type from "typebox";

/** Safe in a URL without escaping, so that a conversation has one address. */
export const conversationIdSchema = Type.String({
  pattern: "^[A-Za-z0-9._~:@-]{1,64}$",
  description: "1 to 64 of A-Z a-z 0-9 . _ ~ : @ -",
});

const namePattern = "^[^\\s\\p{C}]{1,128}$";

/** Users, classes, messages: whatever the school's systems call them, without white space and control characters. */
export const nameSchema = Type.String({
  pattern: namePattern,
  description: "1 to 128 characters without white space and control characters",
});

const nameExpression = new RegExp(namePattern, "u");

/** Whether `text` can be the id of a user. */
export function isName(text: string): boolean {
  return nameExpression.test(text);
}
