/** docs/operations.md says what `/metrics` answers: each name with its type and its labels, and no other; its alerts speak of what there is. */
import { deepEqual, equal, ok } from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { silentLog } from "@sluice/runtime";
import { Sluice } from "./compose.ts";
import { settingsFrom } from "./settings.ts";

const page = await readFile(join(import.meta.dirname, "../../docs/operations.md"), "utf8");

interface Described {
  readonly type: string;
  readonly labels: readonly string[];
}

/** Names in code quotes. */
const quoted = (cell: string): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name);

function documented(): Record<string, Described> {
  const [, ...tables] = page.split(
    "| metric | type | labels | what it says, and when to look |\n| --- | --- | --- | --- |\n",
  );
  const rows = tables.flatMap((table) => (table.split("\n\n")[0] ?? "").trim().split("\n"));
  return Object.fromEntries(
    rows.map((row): [string, Described] => {
      const [, name = "", type = "", labels = "", meaning = ""] = row.split("|").map((cell) => cell.trim());
      ok(meaning.length > 10, `${name} says what it means`);
      return [quoted(name)[0] ?? row, { type, labels: quoted(labels).sort() }];
    }),
  );
}

/** The series of Prometheus' text format, by metric. */
function exposed(text: string): Record<string, { type: string; labels: string[] }> {
  const found: Record<string, { type: string; labels: string[] }> = {};
  for (const [, name = "", type = ""] of text.matchAll(/^# TYPE (\S+) (\S+)$/gm))
    found[name] = { type, labels: [] };
  for (const [, series = "", labels = ""] of text.matchAll(/^([a-z_]+)(?:\{(.*)\})? \S+$/gm)) {
    const name = found[series] === undefined ? series.replace(/_(bucket|sum|count)$/, "") : series;
    const metric = found[name];
    ok(metric, `${series} has a type`);
    const names = [...labels.matchAll(/(\w+)="/g)].map(([, label = ""]) => label);
    metric.labels = [...new Set([...metric.labels, ...names])].filter((label) => label !== "le").sort();
  }
  return found;
}

/** A process with all its parts that has done a little of everything, so that each metric has a series. */
async function busySluice(): Promise<
  { readonly sluice: Sluice; readonly metrics: () => Promise<string> } & AsyncDisposable
> {
  const path = await mkdtemp(join(tmpdir(), "sluice-operations-"));
  const ports = { HTTP_PORT: "0", TCP_PORT: "0", CHAT_HTTP_PORT: "0" };
  const environment = { ...ports, DATA_DIR: path, DELIVERY_MODE: "queue", METRICS_PUBLIC: "true" };
  const sluice = await Sluice.start(settingsFrom(environment), silentLog);
  const { http, tcp } = sluice.addresses;
  const ask = async (method: string, route: string, body?: object): Promise<unknown> => {
    const headers = { "content-type": "application/json" };
    const answer = await fetch(http + route, {
      method,
      headers,
      ...(body && { body: JSON.stringify(body) }),
    });
    return answer.json().catch(() => undefined);
  };
  await ask("PUT", "/v1/queues/dead", {});
  await ask("PUT", "/v1/queues/jobs", { deadLetter: { queue: "dead", receiveCountMax: 1 } });
  await ask("PUT", "/v1/queues/tiny", { messageCountMax: 1 });
  await ask("POST", "/enqueue", { queue: "jobs", body: "given up" });
  const { messages } = (await ask("GET", "/dequeue?queue=jobs")) as { messages: { receipt: string }[] };
  for (const { receipt } of messages) await ask("POST", "/nack", { queue: "jobs", receipt });
  await ask("POST", "/enqueue", { queue: "tiny", body: "fits" });
  await ask("GET", "/nothing-is-here");
  // The route of a visitor: the room does not exist, and that is counted.
  await ask("POST", "/api/v1/waitroom/join", { event_id: "none", user_id: "ann" });
  // A classic producer whose message is refused, and a consumer that gets one.
  const [host = "", port = ""] = tcp.split(/:(?=\d+$)/);
  const producer = connect(Number(port), host);
  producer.write(frame("PRODUCER queue=tiny"));
  producer.write(frame("is refused"));
  const consumer = connect(Number(port), host);
  consumer.write(frame("CONSUMER queue=tiny"));
  await once(consumer, "data");
  const metrics = async (): Promise<string> => (await fetch(`${http}/metrics`)).text();
  while (!/sluice_tcp_refused_messages_total\{/.test(await metrics())) await new Promise(setImmediate);
  return {
    sluice,
    metrics,
    [Symbol.asyncDispose]: async () => {
      producer.destroy();
      consumer.destroy();
      await sluice.stop();
      await rm(path, { recursive: true });
    },
  };
}

function frame(text: string): Uint8Array {
  const bytes = Buffer.alloc(4 + Buffer.byteLength(text));
  bytes.writeUInt32BE(bytes.length - 4, 0);
  bytes.write(text, 4);
  return bytes;
}

/** It takes a topic that is deleted under a group: packages/bus/src/gone-records.test.ts sees its labels. */
const withoutSeries = ["sluice_bus_gone_records_total"];

test("the page and a running process have the same metrics, with the same types and labels", async () => {
  await using busy = await busySluice();
  const found = exposed(await busy.metrics());
  const wanted = documented();
  for (const name of withoutSeries) {
    const described = wanted[name];
    ok(described && found[name]?.labels.length === 0, name);
    found[name] = { ...found[name], labels: [...described.labels] };
  }
  deepEqual(found, wanted);
  const { chat } = busy.sluice.addresses;
  ok(chat !== undefined);
  equal(
    Object.keys(exposed(await (await fetch(`${chat}/metrics`)).text())).length,
    Object.keys(wanted).length,
  );
});

test("the alerts speak of metrics, labels and values that the page names", () => {
  const wanted = documented();
  const [, rules = ""] = /```yaml\n([\s\S]*?)```/.exec(page) ?? [];
  const alerts = [...rules.matchAll(/- alert: (\w+)/g)].map(([, name]) => name);
  equal(new Set(alerts).size, alerts.length);
  ok(alerts.length > 10);
  const names = [...rules.matchAll(/\b((?:sluice|process)_\w+)(?:\{([^}]*)\})?/g)];
  ok(names.length >= alerts.length);
  for (const [, series = "", matchers = ""] of names) {
    const metric = wanted[series] ?? wanted[series.replace(/_bucket$/, "")];
    ok(metric, `${series} is a metric of the page`);
    for (const [, label = "", value = ""] of matchers.matchAll(/(\w+)="([^"]*)"/g)) {
      ok(metric.labels.includes(label), `${series} has a label ${label}`);
      ok(page.includes(`\`${value}\``), `the page names the value ${value} of ${label}`);
    }
  }
});
