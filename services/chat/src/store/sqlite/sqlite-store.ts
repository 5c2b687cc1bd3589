/** The chat's store in one SQLite file: the embedded default. Reads and writes run in this thread; writes share syncs. */
import { mkdir, open } from "node:fs/promises";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Fault, type Readiness } from "@sluice/runtime";
import type { Conversation, NewConversation } from "../../conversations/conversation.ts";
import type { Message, StoredMessage } from "../../messages/message.ts";
import type { Claim, HistoryPage, StoreOutcome } from "../../messages/message-store.ts";
import type { ChatStore } from "../chat-store.ts";
import { ConversationTable } from "./conversation-table.ts";
import { GroupCommit } from "./group-commit.ts";
import { MessageTable } from "./message-table.ts";
import { prepareDatabase } from "./schema.ts";

export class SqliteStore implements ChatStore {
  readonly durability = "synced";
  readonly #database: DatabaseSync;
  readonly #commits: GroupCommit;
  readonly #conversations: ConversationTable;
  readonly #messages: MessageTable;

  private constructor(database: DatabaseSync) {
    this.#database = database;
    this.#commits = new GroupCommit(database);
    this.#conversations = new ConversationTable(database);
    this.#messages = new MessageTable(database, this.#conversations);
  }

  /**
   * Opens `chat.sqlite` in `directory`, both of which are made when missing. Rejects with the `Fault` `storage-failed` when that
   * cannot be, and `unknown-schema` when another version of this program wrote it.
   */
  static async open(directory: string): Promise<SqliteStore> {
    let database: DatabaseSync | undefined;
    try {
      await makeDirectory(directory);
      database = new DatabaseSync(join(directory, "chat.sqlite"));
      prepareDatabase(database);
      return new SqliteStore(database);
    } catch (cause) {
      database?.close();
      if (cause instanceof Fault) throw cause;
      throw new Fault("storage-failed", `The chat's database in ${directory} cannot be opened: ${cause}`, {
        cause,
      });
    }
  }

  createConversation(
    conversation: NewConversation,
  ): Promise<{ readonly isNew: boolean; readonly conversation: Conversation }> {
    return this.#commits.run(() => this.#conversations.create(conversation));
  }

  async conversation(conversationId: string): Promise<Conversation | undefined> {
    return this.#conversations.read(conversationId);
  }

  async isMember(conversationId: string, userId: string): Promise<boolean | undefined> {
    return this.#conversations.isMember(conversationId, userId);
  }

  claim(message: Message & { readonly clientMessageId: string }): Promise<Claim> {
    return this.#commits.run(() => this.#messages.claim(message));
  }

  storeMessage(message: Message): Promise<StoreOutcome> {
    return this.#commits.run(() => this.#messages.store(message));
  }

  async history(conversationId: string, page: HistoryPage): Promise<readonly StoredMessage[]> {
    return this.#messages.history(conversationId, page);
  }

  readiness(): Readiness {
    return this.#commits.readiness();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#database.isOpen) return;
    this.#commits.flush();
    this.#database.close();
  }
}

/** Makes the directory so that it outlives a power cut; SQLite sees to that for the files in it. */
async function makeDirectory(directory: string): Promise<void> {
  const isNew = (await mkdir(directory, { recursive: true })) !== undefined;
  // Windows has no sync of directories.
  if (!isNew || process.platform === "win32") return;
  const parent = await open(dirname(directory));
  try {
    await parent.sync();
  } finally {
    await parent.close();
  }
}
