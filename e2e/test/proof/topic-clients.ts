/** A topic over HTTP: publishers that note every offset they were told, and readers that go on where they were when a process was killed. */
import { deepEqual, equal, ok } from "node:assert/strict";
import type { HttpClient } from "../../src/http-client.ts";
import type { Load } from "../../src/load.ts";
import { readPartition, readRecords, type TopicRecord } from "./records.ts";

const partitionCount = 3;

interface Place {
  readonly partition: number;
  readonly offset: number;
}

export class TopicProof {
  readonly #topic: string;
  /** Undefined: asked, and not answered. */
  readonly #published = new Map<string, Place | undefined>();
  readonly #read: TopicRecord[][] = Array.from({ length: partitionCount }, () => []);

  constructor(topic: string) {
    this.#topic = topic;
  }

  async create(http: HttpClient): Promise<void> {
    const { status } = await http.put(`/v1/topics/${this.#topic}`, { partitionCount, retention: "log" });
    equal(status, 201);
  }

  /** Two publishers with a few keys each, one of keyless records, and a reader for each partition. */
  addClients(load: Load): void {
    for (const name of ["a", "b", "keyless"]) this.#addPublisher(load, name);
    this.#read.forEach((read, partition) => {
      load.add("topic reader", async ({ http }, done) => {
        for (;;) {
          const { records } = await readRecords(http, this.#topic, partition, read.length, 20);
          for (const record of records)
            equal(record.offset, read.push(record) - 1, "a reader misses nothing");
          done();
        }
      });
    });
  }

  /** What is there at the end against what publishers and readers were told. */
  async settle(http: HttpClient): Promise<{ readonly records: number }> {
    const partitions: TopicRecord[][] = [];
    for (let i = 0; i < partitionCount; i++) partitions.push(await readPartition(http, this.#topic, i));
    const kept = partitions.flat();
    const places = new Map(kept.map(({ body, partition, offset }) => [body, { partition, offset }]));
    equal(places.size, kept.length, "no record twice");
    for (const body of places.keys()) ok(this.#published.has(body), `nobody published ${body}`);
    for (const [body, place] of this.#published)
      if (place) deepEqual(places.get(body), place, `${body} is lost`);
    this.#read.forEach((read, i) => {
      deepEqual(read, partitions[i]?.slice(0, read.length), "what was read stays as it was");
    });
    const lastByKey = new Map<string, number>();
    for (const { key, body } of kept) {
      if (key === null) continue;
      const number = Number(body.split("-").at(-1));
      ok(number > (lastByKey.get(key) ?? 0), `${body} is out of the order of its key`);
      lastByKey.set(key, number);
    }
    return { records: kept.length };
  }

  #addPublisher(load: Load, name: string): void {
    let count = 0;
    load.add("topic publisher", async ({ http }, done) => {
      for (;;) {
        const body = `${name}-${++count}`;
        const key = name === "keyless" ? {} : { key: `${name}${count % 4}` };
        this.#published.set(body, undefined);
        const answer = await http.post<Place>("/publish", { topic: this.#topic, body, ...key });
        equal(answer.status, 201);
        const { partition, offset } = answer.body;
        this.#published.set(body, { partition, offset });
        done();
      }
    });
  }
}
