/** The SQLite store does what a store has to, and says so when it cannot be opened. */
import { rejects } from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { type StorePlace, storeConformance } from "../conformance.ts";
import { SqliteStore } from "./sqlite-store.ts";

async function temporaryPlace(): Promise<StorePlace & { readonly directory: string }> {
  const directory = await mkdtemp(join(tmpdir(), "sluice-chat-"));
  return {
    directory,
    open: () => SqliteStore.open(directory),
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true }),
  };
}

storeConformance("sqlite", temporaryPlace);

test("a database that another version wrote is left alone", async () => {
  await using place = await temporaryPlace();
  const database = new DatabaseSync(join(place.directory, "chat.sqlite"));
  database.exec("PRAGMA user_version = 7");
  database.close();
  await rejects(place.open(), { code: "unknown-schema", message: /version 7/ });
});

test("a place where no database can be is a fault that names it", async () => {
  await using place = await temporaryPlace();
  await writeFile(
    join(place.directory, "chat.sqlite"),
    "this is no database, and long enough to be seen as none",
  );
  await rejects(place.open(), (fault: Error) => fault.message.includes(place.directory));
  await rejects(SqliteStore.open(join(place.directory, "chat.sqlite", "below")), { code: "storage-failed" });
});
