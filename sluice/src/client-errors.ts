/** Answers to what is no request: nobody could parse it, or it took too long to come. Like every answer of a refusal, a problem document. */

import type { Socket } from "node:net";
import { type Problem, problem } from "@sluice/http-edge";

/** By what the parser of Node says; anything else is no HTTP. */
const problems: Readonly<Record<string, Problem>> = {
  ERR_HTTP_REQUEST_TIMEOUT: problem(408, "request-timeout", "The request did not come whole in its time."),
  HPE_HEADER_OVERFLOW: problem(431, "headers-too-large", "The path and the headers are longer than 16 KiB."),
};
const malformed = problem(400, "malformed-request", "This is no HTTP request.");

/** For `clientErrorHandler`: says what was wrong, if that can still be said, and ends the connection. */
export function answerClientError(error: Error & { readonly code?: string }, socket: Socket): void {
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  const found = problems[error.code ?? ""] ?? malformed;
  const body = JSON.stringify(found);
  socket.end(
    `HTTP/1.1 ${found.status} ${found.title}\r\nContent-Type: application/problem+json\r\nCache-Control: no-store\r\n` +
      `Connection: close\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
  socket.destroySoon();
}
