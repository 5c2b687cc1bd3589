/** A message as the WebSocket library hands it over, as bytes. */
import type { RawData } from "ws";

export function bytesOf(data: RawData): Uint8Array {
  if (Array.isArray(data)) return Buffer.concat(data);
  return data instanceof ArrayBuffer ? new Uint8Array(data) : data;
}
