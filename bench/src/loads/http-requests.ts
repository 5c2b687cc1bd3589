/** HTTP requests over connections that stay open, one request at a time on each: a closed loop, as many callers make it. */
import { Fault } from "@sluice/runtime";
import type { Load } from "../process/runner.ts";
import { Latencies } from "../statistics.ts";
import { HttpConnection } from "./http-connection.ts";
import { type RequestKind, requestKinds } from "./request-kinds.ts";
import { inLines, RoundTime } from "./round-time.ts";

export interface HttpRequestsOptions {
  readonly port: number;
  readonly connections: number;
  readonly kind: RequestKind;
  /** Whether what the requests need is made first. A bare server needs nothing. */
  readonly prepare: boolean;
}

export async function openHttpRequests(options: HttpRequestsOptions): Promise<Load> {
  const { port, connections: count, kind, prepare } = options;
  const { path, expectedStatus, body, preparation } = requestKinds[kind];
  await using opened = new AsyncDisposableStack();
  const connections: HttpConnection[] = [];
  for (let i = 0; i < count; i++) connections.push(opened.use(await HttpConnection.open(port)));
  const [first] = connections;
  if (prepare) {
    for (const { method, path: at, body: given } of preparation()) {
      const answer = await first?.request(method, at, given);
      if (answer === undefined || answer.status >= 300) throw unexpected(at, answer);
    }
  }

  let begun = 0;
  const ending = opened.move();
  return {
    round: async (seconds) => {
      const latencies = new Latencies();
      const time = new RoundTime(seconds);
      const lines = connections.map((connection) =>
        inLines(1, time, async () => {
          const sentMs = time.elapsedMs;
          const answer = await connection.request("POST", path, body(begun++));
          if (answer.status !== expectedStatus) throw unexpected(path, answer);
          latencies.record(time.elapsedMs - sentMs);
          return 1;
        }),
      );
      const done = await Promise.all(lines);
      const operations = done.reduce((sum, requests) => sum + requests, 0);
      return { operations, elapsedMs: time.elapsedMs, readings: latencies.readings() };
    },
    [Symbol.asyncDispose]: () => ending.disposeAsync(),
  };
}

const unexpected = (
  path: string,
  answer: { readonly status: number; readonly text: string } | undefined,
): Fault => new Fault("unexpected-answer", `${path} answered ${answer?.status}: ${answer?.text}`);
