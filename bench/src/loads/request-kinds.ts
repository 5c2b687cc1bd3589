/** The requests that are measured over HTTP, and what has to be there before the first of them. */
import { messageText } from "./payload.ts";

interface Preparation {
  readonly method: "POST" | "PUT";
  readonly path: string;
  readonly body: string;
}

interface Kind {
  readonly path: string;
  readonly expectedStatus: number;
  /** The body of the request with this number; numbers are never repeated. */
  readonly body: (number: number) => string;
  readonly preparation: () => readonly Preparation[];
}

const conversationCount = 100;

export const requestKinds = {
  enqueue: {
    path: "/enqueue",
    expectedStatus: 201,
    body: () => `{"queue":"bench","body":"${messageText}"}`,
    preparation: () => [],
  },
  join: {
    path: "/api/v1/waitroom/join",
    expectedStatus: 201,
    body: (number) => `{"event_id":"bench","user_id":"user-${number}"}`,
    preparation: () => [{ method: "PUT", path: "/api/v1/waitroom/events/bench", body: '{"capacity":100}' }],
  },
  "chat message": {
    path: "/api/v1/messages/text",
    expectedStatus: 202,
    body: (number) =>
      `{"conversationId":"bench-${number % conversationCount}","senderId":"ann","senderName":"Ann","content":"${messageText}","mentions":[]}`,
    preparation: () =>
      Array.from({ length: conversationCount }, (_, i) => ({
        method: "POST",
        path: "/api/v1/conversations",
        body: `{"conversationId":"bench-${i}","type":"group","members":["ann","bob","cleo"]}`,
      })),
  },
} as const satisfies Record<string, Kind>;

export type RequestKind = keyof typeof requestKinds;
