/**
 * Listens to a conversation with the official SignalR client: joins first, then reads what was said before, so that nothing falls in between.
 *
 *     node examples/chat/main.ts [url] [conversationId] [how many messages to show before it ends]
 */
import { HubConnectionBuilder, LogLevel } from "@microsoft/signalr";

interface Message {
  readonly seq: number;
  readonly senderName: string;
  readonly content: string;
}

const [url = "http://127.0.0.1:8080", conversationId = "c1", count = "Infinity"] = process.argv.slice(2);
const shown = new Set<number>();
const done = Promise.withResolvers<void>();

function show({ seq, senderName, content }: Message): void {
  if (shown.has(seq)) return;
  shown.add(seq);
  process.stdout.write(`${seq} ${senderName}: ${content}\n`);
  if (shown.size >= Number(count)) done.resolve();
}

const connection = new HubConnectionBuilder()
  .withUrl(`${url}/hubs/chat`)
  .withAutomaticReconnect()
  .configureLogging(LogLevel.Warning)
  .build();

async function join(): Promise<void> {
  await connection.invoke("Join", conversationId);
  const answer = await fetch(`${url}/api/v1/conversations/${encodeURIComponent(conversationId)}/messages`);
  const { data } = (await answer.json()) as { data: { messages: Message[] } };
  for (const message of data.messages.toSorted((a, b) => a.seq - b.seq)) show(message);
}

connection.on("MessageReceived", show);
connection.onreconnected(join);
await connection.start();
await join();
await done.promise;
await connection.stop();
