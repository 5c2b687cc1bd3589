/** Message ids: sixteen bytes on the wire, the text of a UUID (RFC 9562) everywhere else. Formatted when somebody looks. */

export const messageIdBytes = 16;

const hex = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

export function formatMessageId(bytes: Uint8Array, at: number): string {
  let text = "";
  for (let i = 0; i < messageIdBytes; i++) {
    if (i === 4 || i === 6 || i === 8 || i === 10) text += "-";
    text += hex[bytes[at + i] ?? 0];
  }
  return text;
}

/** Writes the bytes of a UUID's text. The text is a broker's own: it is not checked. */
export function putMessageId(text: string, into: Uint8Array, at: number): void {
  let to = at;
  for (let i = 0; i < text.length; i += 2) {
    if (text.charCodeAt(i) === 0x2d) i++;
    into[to++] = (nibble(text.charCodeAt(i)) << 4) | nibble(text.charCodeAt(i + 1));
  }
}

const nibble = (unit: number): number => (unit <= 0x39 ? unit - 0x30 : (unit | 0x20) - 0x57);
