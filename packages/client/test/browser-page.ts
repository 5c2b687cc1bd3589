/** What the test of browsers runs in a page: a program as somebody would write it, and a few words about it for the test. */
import { Client } from "../src/index.ts";

/** What the page says to the test. */
export interface PageProgram {
  send(text: string): Promise<void>;
  publish(text: string): Promise<void>;
  /** Messages that were worked on, by their texts. */
  readonly worked: Set<string>;
  /** Records that were heard. */
  readonly heard: string[];
  readonly states: string[];
  close(): Promise<void>;
}

const { host } = (globalThis as unknown as { readonly location: { readonly host: string } }).location;
const client = await Client.connect({
  addresses: [`ws://${host}`],
  reconnect: { initialDelayMs: 1, delayMaxMs: 20 },
});
const states: string[] = [];
client.on("status", ({ state }) => states.push(state));
const jobs = client.queue("jobs");
const worked = new Set<string>();
jobs.consume((delivery) => void worked.add(delivery.text()));
const heard: string[] = [];
const news = client.topic("news").live();
void (async () => {
  for await (const record of news) heard.push(new TextDecoder().decode(record.body));
})();

const program: PageProgram = {
  send: async (text) => void (await jobs.send(text)),
  publish: async (text) => void (await client.topic("news").publish(text)),
  worked,
  heard,
  states,
  close: () => client.close(),
};
Object.assign(globalThis, { program });
