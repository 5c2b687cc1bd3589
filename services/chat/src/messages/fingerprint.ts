/** Whether two sends are the same send: a digest of what the sender wrote. */
import { createHash } from "node:crypto";
import type { Message } from "./message.ts";

/** SHA-256, base64url, of what a repeat with the same client message id must not change. */
export function fingerprintOf(message: Message): string {
  const { conversationId, senderName, content, mentions, replyToId } = message;
  const written = JSON.stringify([conversationId, senderName, content, mentions, replyToId]);
  return createHash("sha256").update(written).digest("base64url");
}
