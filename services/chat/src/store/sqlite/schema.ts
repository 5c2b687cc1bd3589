/** The tables, and how a database file becomes one of this version. */
import type { DatabaseSync } from "node:sqlite";
import { Fault } from "@sluice/runtime";

/** Stored in `user_version`. */
const schemaVersion = 1;

/**
 * `last_seq` is the counter that `seq` comes from; `last_message_seq` points at the last message, which will not always be the same
 * once messages can be deleted. A claim lives from the acceptance of a message until it is stored.
 */
const tables = `
CREATE TABLE conversations (
  conversation_id TEXT PRIMARY KEY, type TEXT NOT NULL, class_id TEXT, created_at_ms INTEGER NOT NULL,
  last_seq INTEGER NOT NULL DEFAULT 0, last_message_seq INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE TABLE members (
  conversation_id TEXT NOT NULL REFERENCES conversations, user_id TEXT NOT NULL, place INTEGER NOT NULL,
  PRIMARY KEY (conversation_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE messages (
  conversation_id TEXT NOT NULL REFERENCES conversations, seq INTEGER NOT NULL, message_id TEXT NOT NULL,
  sender_id TEXT NOT NULL, sender_name TEXT NOT NULL, content TEXT NOT NULL, mentions TEXT NOT NULL, reply_to_id TEXT,
  client_message_id TEXT, sent_at_ms INTEGER NOT NULL, fingerprint TEXT NOT NULL,
  PRIMARY KEY (conversation_id, seq)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX messages_by_id ON messages (message_id);
CREATE UNIQUE INDEX messages_by_client_id ON messages (sender_id, client_message_id) WHERE client_message_id IS NOT NULL;
CREATE TABLE claims (
  sender_id TEXT NOT NULL, client_message_id TEXT NOT NULL, message_id TEXT NOT NULL, sent_at_ms INTEGER NOT NULL,
  fingerprint TEXT NOT NULL,
  PRIMARY KEY (sender_id, client_message_id)
) STRICT, WITHOUT ROWID;
PRAGMA user_version = ${schemaVersion};
`;

/**
 * Prepares an open database. WAL, so that readers and the writer do not wait for each other; `synchronous = FULL`, because the bus
 * forgets an event once it is handled: what is stored has to survive a power cut by itself.
 */
export function prepareDatabase(database: DatabaseSync): void {
  database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON");
  const version = database.prepare("PRAGMA user_version").get()?.user_version;
  if (version === schemaVersion) return;
  if (version !== 0) {
    throw new Fault(
      "unknown-schema",
      `The chat's database has version ${version}; this program reads ${schemaVersion}.`,
    );
  }
  database.exec(`BEGIN IMMEDIATE; ${tables} COMMIT`);
}
