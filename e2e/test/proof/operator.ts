/** What operators ask over HTTP: how full a queue is, and what was given up. */
import { equal } from "node:assert/strict";
import type { HttpClient } from "../../src/http-client.ts";
import { until } from "../../src/until.ts";

export interface DeadLetter {
  readonly messageId: string;
  readonly queue: string;
  readonly body: string;
  readonly reason: string;
  readonly receiveCount: number;
  readonly givenUpBy: string | null;
  readonly givenUpAt: string;
  readonly originQueue: string | null;
  readonly lastError: string | null;
  readonly groupId: string | null;
}

/** The first dead letters that are in this queue. */
export async function deadLettersOf(http: HttpClient, queue: string): Promise<readonly DeadLetter[]> {
  const path = `/v1/dead-letters?queue=${queue}&max=50`;
  const { status, body } = await http.get<{ readonly deadLetters: readonly DeadLetter[] }>(path);
  equal(status, 200, JSON.stringify(body));
  return body.deadLetters;
}

/** Messages in the queue, whatever their state. */
export async function holding(http: HttpClient, queue: string): Promise<number> {
  const { body } = await http.get<Record<"ready" | "delayed" | "inFlight" | "parked", number>>(
    `/v1/queues/${queue}`,
  );
  return body.ready + body.delayed + body.inFlight + body.parked;
}

/** Takes out what the queue holds, whatever that waits for. */
export function emptied(http: HttpClient, queue: string, consume: () => Promise<unknown>): Promise<void> {
  return until(`${queue} is empty`, async () => {
    if ((await holding(http, queue)) === 0) return true;
    await consume();
    return false;
  });
}

export interface Redrive {
  readonly redrive: number;
  readonly status: "running" | "done" | "cancelled";
  readonly total: number;
  readonly moved: number;
}

/** The redrives of late. */
export async function redrivesOf(http: HttpClient, queue: string): Promise<readonly Redrive[]> {
  const { body } = await http.get<{ readonly redrives: readonly Redrive[] }>(`/v1/queues/${queue}/redrives`);
  return body.redrives;
}
