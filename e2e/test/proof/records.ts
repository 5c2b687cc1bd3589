/** Reading the records of topics over HTTP. */
import { equal } from "node:assert/strict";
import type { HttpClient } from "../../src/http-client.ts";

export interface TopicRecord {
  readonly partition: number;
  readonly offset: number;
  readonly key: string | null;
  readonly body: string;
}

interface Page {
  readonly records: readonly TopicRecord[];
  readonly endOffset: number;
}

/** Up to 100 records from `offset` on, waiting for a first one if `waitSeconds` says so. @throws Cut */
export async function readRecords(
  http: HttpClient,
  topic: string,
  partition: number,
  offset: number,
  waitSeconds = 0,
): Promise<Page> {
  const query = `partition=${partition}&offset=${offset}&waitSeconds=${waitSeconds}`;
  const { status, body } = await http.get<Page>(`/v1/topics/${topic}/records?${query}`);
  equal(status, 200, JSON.stringify(body));
  return body;
}

/** Every record of a partition. Fails when the offsets have holes. */
export async function readPartition(
  http: HttpClient,
  topic: string,
  partition: number,
): Promise<TopicRecord[]> {
  const records: TopicRecord[] = [];
  for (;;) {
    const page = await readRecords(http, topic, partition, records.length);
    for (const record of page.records) equal(record.offset, records.push(record) - 1, `${topic} has a hole`);
    if (records.length >= page.endOffset) return records;
  }
}

/** Every record of a topic, partition by partition. */
export async function readTopic(http: HttpClient, topic: string): Promise<TopicRecord[]> {
  const { body } = await http.get<{ readonly partitionCount: number }>(`/v1/topics/${topic}`);
  const partitions = Array.from({ length: body.partitionCount }, (_, i) => readPartition(http, topic, i));
  return (await Promise.all(partitions)).flat();
}
