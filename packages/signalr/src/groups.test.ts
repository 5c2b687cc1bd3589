/** Groups: one record for all members, and no trace of connections that have gone. */
import { deepEqual, equal, throws } from "node:assert/strict";
import { test } from "node:test";
import { HubGroups } from "./groups.ts";

/** Three live connections, whose records are kept. */
function opened(groupsPerConnectionMax = 10) {
  const heard = new Map<string, Uint8Array[]>(["a", "b", "c"].map((id) => [id, []]));
  const live = new Map(
    [...heard].map(([id, records]) => [
      id,
      { id, sendRecord: (record: Uint8Array) => void records.push(record) },
    ]),
  );
  const groups = new HubGroups((id) => live.get(id), groupsPerConnectionMax);
  return { groups, live, heard: (id: string) => heard.get(id) ?? [] };
}

const [a, b, c] = [{ id: "a" }, { id: "b" }, { id: "c" }];

test("members share the very same bytes, each once; others get none", () => {
  const { groups, heard } = opened();
  groups.add(a, "blue");
  groups.add(a, "blue");
  groups.add(b, "blue");
  groups.add(c, "red");
  groups.send("blue", "Hear", 1);
  deepEqual([heard("a").length, heard("b").length, heard("c").length], [1, 1, 0]);
  equal(heard("a")[0], heard("b")[0]);
  groups.send("green", "Hear", 1);
});

test("a connection that has gone is not added, and one that goes leaves all its groups", () => {
  const { groups, live } = opened();
  groups.add({ id: "long gone" }, "blue");
  equal(groups.countOf("blue"), 0);
  groups.add(a, "blue");
  groups.add(a, "red");
  groups.add(b, "red");
  groups.removeEverywhere(a);
  live.delete("a");
  deepEqual([groups.countOf("blue"), groups.countOf("red")], [0, 1]);
  groups.removeEverywhere(a);
  groups.remove(a, "red");
  equal(groups.countOf("red"), 1);
});

test("a connection may be in so many groups, and in others again after it left some", () => {
  const { groups } = opened(2);
  groups.add(a, "1");
  groups.add(a, "2");
  groups.add(a, "2");
  throws(() => groups.add(a, "3"), { name: "HubError", message: /2 groups/ });
  groups.add(b, "3");
  groups.remove(a, "1");
  groups.add(a, "3");
  equal(groups.countOf("3"), 2);
});
