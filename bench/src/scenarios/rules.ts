/** The rules of a queue alone: how fast they decide and apply, and what a waiting message costs in memory. */

import { startRedis } from "@sluice/testbed";
import { scaled } from "../effort.ts";
import { messageBytes } from "../loads/payload.ts";
import { alone, besidePeer, type Scenario } from "../scenario.ts";
import { perSecond, reading } from "../tally.ts";

/** What a message that waits may take in memory beside the bytes of its body. */
const besideBytesMax = 100;

const floor = { bound: "at least", value: 1_000_000 } as const;

export const rules: Scenario = {
  name: "rules",
  run: async (bench) => {
    const waiting = scaled(1_000_000, bench.effort);
    const single = await bench.load("queue-rules", { batch: 1, waiting: 0 });
    const batched = await bench.load("queue-rules", { batch: 100, waiting: 0 });
    const behind = await bench.load("queue-rules", { batch: 100, waiting });
    const unit = "messages/s";
    const read = perSecond;
    const batchedFigure = "rules alone, in batches";
    return bench.contest([
      alone(single, "1 process; in memory; one message a command", [
        { figure: "rules alone, one by one", unit, read, floor },
      ]),
      alone(batched, "1 process; in memory; 100 messages a command", [
        { figure: batchedFigure, unit, read, floor },
      ]),
      alone(behind, `as above, ${waiting} messages waiting`, [
        { figure: "rules alone, in batches, behind a backlog", unit, read, against: batchedFigure },
      ]),
    ]);
  },
};

export const memory: Scenario = {
  name: "memory",
  run: async (bench) => {
    const count = scaled(1_000_000, bench.effort);
    const unit = "bytes";
    const read = reading("bytesPerMessage");
    const without = await bench.load("queue-memory", { count, bodies: "in the journal" });
    const within = await bench.load("queue-memory", { count, bodies: "in memory" });
    const how = `1 process; ${count} waiting; live heap and buffers`;
    const withBody = "memory of a waiting message with its body";
    const redis = await bench.peer(() => startRedis());
    const streams = await besidePeer(
      redis,
      ({ url }) => bench.load("redis-memory", { url, count }),
      `${count} in a stream, nothing on the disk; used_memory`,
      [{ figure: "Redis Streams, memory of a waiting message with its body", unit, read, against: withBody }],
    );
    return bench.contest([
      alone(without, `${how}; bodies in the journal`, [
        {
          figure: "memory of a waiting message beside its body",
          unit,
          read,
          floor: { bound: "at most", value: besideBytesMax },
        },
      ]),
      alone(within, `${how}; bodies in memory`, [
        { figure: withBody, unit, read, floor: { bound: "at most", value: messageBytes + besideBytesMax } },
      ]),
      streams,
    ]);
  },
};
