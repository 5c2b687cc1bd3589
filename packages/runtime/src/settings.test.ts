/** Settings: what a value may be, and what a wrong one is answered with. */
import { deepEqual, equal, match, throws } from "node:assert/strict";
import { test } from "node:test";
import {
  BadSettings,
  byteCount,
  choice,
  describeSettings,
  flag,
  integer,
  later,
  list,
  port,
  readSettings,
  text,
} from "./settings.ts";

const table = {
  HTTP_PORT: port(8080, "Where HTTP answers."),
  MODE: choice(["broadcast", "queue"], "broadcast", "What the channel is."),
  BUDGET: byteCount(1024, "1k", "How much."),
  INSECURE: flag(false, "Whether to."),
  WORKERS: integer(2, 1, 8, "How many."),
  HOST: text("127.0.0.1", "Where."),
  PARTS: list(["a", "b"], "Which.", ["a", "b", "c"]),
  KAFKA: later("Whether Kafka carries the events"),
};

test("absent and empty settings get their defaults", () => {
  deepEqual(readSettings(table, { MODE: "", WORKERS: "  " }), {
    HTTP_PORT: 8080,
    MODE: "broadcast",
    BUDGET: 1024,
    INSECURE: false,
    WORKERS: 2,
    HOST: "127.0.0.1",
    PARTS: ["a", "b"],
    KAFKA: undefined,
  });
});

test("given settings are parsed", () => {
  const given = {
    HTTP_PORT: "0",
    MODE: "queue",
    BUDGET: "2M",
    INSECURE: "true",
    WORKERS: "8",
    HOST: "::1",
    PARTS: "c, a",
  };
  deepEqual(readSettings(table, given), {
    HTTP_PORT: 0,
    MODE: "queue",
    BUDGET: 2 * 1024 * 1024,
    INSECURE: true,
    WORKERS: 8,
    HOST: "::1",
    PARTS: ["c", "a"],
    KAFKA: undefined,
  });
});

for (const [name, value, expected] of [
  ["HTTP_PORT", "65536", /a whole number from 0 to 65535/],
  ["HTTP_PORT", "80a", /a whole number/],
  ["HTTP_PORT", "1e3", /a whole number/],
  ["MODE", "Queue", /broadcast or queue/],
  ["BUDGET", "1.5M", /number of bytes/],
  ["BUDGET", "-1", /number of bytes/],
  ["INSECURE", "yes", /true or false/],
  ["WORKERS", "0", /from 1 to 8/],
  ["PARTS", "a,d", /some of a, b, c/],
  ["KAFKA", "true", /does not have it yet/],
] as const) {
  test(`${name}=${value} is refused by name`, () => {
    throws(
      () => readSettings(table, { [name]: value }),
      (fault: BadSettings) => {
        equal(fault.code, "bad-setting");
        match(fault.message, new RegExp(`^${name}=${value.replace(/[.*+?]/g, "\\$&")} is not possible`));
        match(fault.message, expected);
        return fault instanceof BadSettings;
      },
    );
  });
}

test("every wrong setting is named at once", () => {
  throws(() => readSettings(table, { HTTP_PORT: "x", WORKERS: "y" }), /HTTP_PORT=x.*\nWORKERS=y/);
});

test("the example file shows every setting with its default", () => {
  match(describeSettings(table), /# Where HTTP answers\.\n# HTTP_PORT=8080\n/);
});
