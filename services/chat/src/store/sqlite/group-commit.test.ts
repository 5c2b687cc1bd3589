/** Writes that share a transaction share its fate, and no other's. */
import { deepEqual, equal, rejects } from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { GroupCommit } from "./group-commit.ts";

function opened() {
  const database = new DatabaseSync(":memory:");
  database.exec(
    "PRAGMA foreign_keys = ON; CREATE TABLE t (n INTEGER PRIMARY KEY, parent INTEGER REFERENCES t DEFERRABLE INITIALLY DEFERRED)",
  );
  const commits = new GroupCommit(database);
  const insert = database.prepare("INSERT INTO t VALUES (?, ?)");
  return {
    database,
    commits,
    add: (n: number, parent: number | null = null) => commits.run(() => insert.run(n, parent).changes),
    numbers: () =>
      database
        .prepare("SELECT n FROM t ORDER BY n")
        .all()
        .map(({ n }) => n),
    [Symbol.dispose]: () => database.close(),
  };
}

test("writes of one turn are one transaction, in order, and are answered after it", async () => {
  using store = opened();
  const inTransaction: boolean[] = [];
  const note = store.commits.run(() => inTransaction.push(store.database.isTransaction));
  const writes = [
    store.add(1),
    store.add(2),
    note.then(() => inTransaction.push(store.database.isTransaction)),
  ];
  deepEqual(store.numbers(), [], "nothing happens before the turn is over");
  await Promise.all(writes);
  deepEqual(store.numbers(), [1, 2]);
  deepEqual(inTransaction, [true, false]);
});

test("when one write fails nothing of its transaction stays, and the next one works", async () => {
  using store = opened();
  const together = await Promise.allSettled([store.add(1), store.add(1), store.add(2)]);
  deepEqual(
    together.map((write) => write.status === "rejected" && write.reason.code),
    Array(3).fill("storage-failed"),
  );
  deepEqual(store.numbers(), []);
  await store.add(3);
  deepEqual([store.numbers(), store.commits.readiness()], [[3], { ready: true }]);
});

test("after a commit that failed nothing is written any more", async () => {
  using store = opened();
  await rejects(store.add(1, 99), { code: "storage-failed" });
  await rejects(store.add(2), { code: "storage-failed" });
  deepEqual(store.numbers(), []);
  equal(store.commits.readiness().ready, false);
});

test("more than one transaction holds is written all the same, in order", async () => {
  using store = opened();
  const numbers = Array.from({ length: 1001 }, (_, n) => n);
  await Promise.all(numbers.map((n) => store.add(n, n === 0 ? null : n - 1)));
  deepEqual(store.numbers(), numbers);
});

test("flush writes at once what still waits", () => {
  using store = opened();
  void store.add(1);
  store.commits.flush();
  deepEqual(store.numbers(), [1]);
});
