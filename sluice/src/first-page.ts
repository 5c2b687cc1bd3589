/** The page at `/`: what this process is and where its parts are. Plain HTML, no script, no request to anywhere else. */
import type { FastifyPluginAsync } from "fastify";

export interface FirstPageFacts {
  readonly version: string;
  /** Whether the broker's routes ask for a token. */
  readonly tokenNeeded: boolean;
  readonly tcpAddress: string;
  /** Undefined: neither chat nor the waiting room run here. */
  readonly chatAddress: string | undefined;
  /** What the classic TCP channel is. */
  readonly channel: string;
  /** What an acknowledgement rests on. */
  readonly durability: string;
}

interface Card {
  readonly title: string;
  readonly text: string;
  readonly lines: readonly string[];
}

const escapeHtml = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");

const style = `
:root { color-scheme: light dark; --ink: #1c2430; --quiet: #5b6675; --line: #d9dee5; --paper: #fbfcfd; --card: #fff; --accent: #0b6bcb; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6eaf0; --quiet: #9aa5b4; --line: #2e3742; --paper: #12171d; --card: #1a2129; --accent: #6cb2ff; } }
* { box-sizing: border-box; }
body { margin: 0; font: 16px/1.55 system-ui, sans-serif; color: var(--ink); background: var(--paper); }
main { max-width: 60rem; margin: 0 auto; padding: 3rem 1.25rem 4rem; }
h1 { font-size: 2rem; margin: 0; letter-spacing: -0.02em; }
h2 { font-size: 1.1rem; margin: 0 0 .35rem; }
p { margin: .3rem 0 .8rem; } .quiet { color: var(--quiet); }
a { color: var(--accent); }
.parts { display: grid; gap: 1rem; margin: 2rem 0; }
section { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 1.1rem 1.2rem; min-width: 0; }
pre { margin: .6rem 0 0; padding: .7rem .8rem; overflow-x: auto; border: 1px solid var(--line); border-radius: 6px; font: 13px/1.5 ui-monospace, monospace; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1.2rem; margin: 1.4rem 0 0; } dt { color: var(--quiet); } dd { margin: 0; overflow-wrap: anywhere; }
`;

const example = (origin: string, lines: readonly string[]): string =>
  `<pre>${lines.map((line) => escapeHtml(line.replaceAll("$URL", origin))).join("\n")}</pre>`;

const tokenNote = (whoElse: string): string =>
  `<p>The broker, its queues, topics and metrics${whoElse} need a token of <code>AUTH_TOKENS</code>.</p>\n`;

function page(origin: string, facts: FirstPageFacts): string {
  // Over two lines, so that a command can be read whole and pasted as it stands.
  const json = "-H 'content-type: application/json' \\\n  -d";
  const token = facts.tokenNeeded ? ` -H "authorization: Bearer $TOKEN"` : "";
  const { chatAddress } = facts;
  const broker: readonly Card[] = [
    {
      title: "Queues and topics",
      text: "Durable queues with visibility timeouts and dead letters, topics that keep their records.",
      lines: [
        `curl $URL/enqueue${token} ${json} '{"queue":"jobs","body":"resize 7"}'`,
        `curl '$URL/dequeue?queue=jobs&waitSeconds=5'${token}`,
        `curl $URL/publish${token} ${json} '{"topic":"news","body":"hello"}'`,
        `curl '$URL/v1/topics/news/records'${token}`,
      ],
    },
  ];
  const services: readonly Card[] = [
    {
      title: "Events",
      text: "A typed bus for TypeScript on the same topics: schemas, consumer groups, retries, transactions. The services below run on it; their events are topics you can read.",
      lines: [
        `curl '$URL/v1/topics/QUEUE_READY'${token}`,
        `curl '$URL/v1/topics/QUEUE_READY/records?partition=4'${token}   # where the room 'gala' below writes`,
      ],
    },
    {
      title: "Waiting room",
      text: "Lets as many visitors into checkout as there are slots, in the order they came.",
      lines: [
        `curl -X PUT $URL/api/v1/waitroom/events/gala${token} ${json} '{"capacity":2}'`,
        `curl $URL/api/v1/waitroom/join ${json} '{"event_id":"gala","user_id":"ann"}'`,
      ],
    },
    {
      title: "Chat",
      text: "Conversations over HTTP, live to SignalR clients at /hubs/chat.",
      lines: [
        `curl $URL/api/v1/conversations ${json} '{"conversationId":"c1","type":"group","members":["ann","bob"]}'`,
        `curl $URL/api/v1/messages/text ${json} '{"conversationId":"c1","senderId":"ann","senderName":"Ann","content":"hi","mentions":[]}'`,
      ],
    },
  ];
  const cards = [...broker, ...(chatAddress === undefined ? [] : services)]
    .map(
      ({ title, text, lines }) =>
        `<section><h2>${title}</h2><p class="quiet">${text}</p>${example(origin, lines)}</section>`,
    )
    .join("\n");
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sluice</title><link rel="icon" href="data:,"><style>${style}</style></head>
<body><main>
<h1>Sluice</h1>
<p class="quiet">Messaging for TypeScript teams, running here in one process, version ${escapeHtml(facts.version)}.</p>
<p><a href="/docs">API</a> · <a href="/openapi.json">OpenAPI</a> · <a href="/v1/queues">queues</a> ·
<a href="/v1/topics">topics</a> · <a href="/v1/dead-letters">dead letters</a> ·
<a href="/healthz">health</a> · <a href="/ready">readiness</a> · <a href="/metrics">metrics</a></p>
${facts.tokenNeeded ? tokenNote(chatAddress === undefined ? "" : ", and whoever runs a waiting room") : ""}<div class="parts">${cards}</div>
<dl><dt>Framed TCP</dt><dd>${escapeHtml(facts.tcpAddress)}, channel <code>default</code> is ${escapeHtml(facts.channel)}</dd>
${
  chatAddress === undefined
    ? ""
    : `<dt>Chat also at</dt><dd>${escapeHtml(chatAddress)}</dd>
`
}<dt>Acknowledged means</dt><dd>${escapeHtml(facts.durability)}</dd></dl>
</main></body></html>
`;
}

/** `GET /`. The facts are asked for at each request, because ports are known only once they listen. */
export function firstPage(facts: () => FirstPageFacts): FastifyPluginAsync {
  return async (app) => {
    app.get("/", { schema: { hide: true } }, async (request, reply) => {
      await reply
        .type("text/html; charset=utf-8")
        .header(
          "content-security-policy",
          "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'",
        )
        .header("x-content-type-options", "nosniff")
        .header("cache-control", "no-store")
        .send(page(`${request.protocol}://${request.headers.host ?? "127.0.0.1"}`, facts()));
    });
  };
}
