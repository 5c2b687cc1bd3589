/** What WebSockets may cost. docs/protocol.md has the same table, with the reasons. */
import { frameHeaderBytes } from "@sluice/protocol";
import { fullFrameBytesMax } from "@sluice/protocol/full";

/** Longest message of `sluice.1` in bytes: a whole frame. Shorter ones, and parts of frames, are as good. */
export const framedMessageBytesMax = fullFrameBytesMax + frameHeaderBytes;

/** How long a close frame may stay without its answer before the socket is ended, in milliseconds. */
export const closeTimeoutMs = 2_000;

/** Pongs and a close frame that wait for a socket that takes nothing: above so many bytes a ping gets no pong. */
export const pongBytesMax = 64 * 1024;
