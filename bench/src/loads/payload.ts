/** The messages of the bench: 128 bytes each, as the floors say. */

export const messageBytes = 128;

/** Text, so that JSON carries it as it is. */
export const messageText = "0123456789abcdef".repeat(messageBytes / 16);

/** As many views of bytes that nobody changes. */
export function bodies(count: number): Uint8Array[] {
  return Array.from({ length: count }, () => Uint8Array.from(Buffer.from(messageText)));
}
