/** Which partition a key belongs to: murmur2, as Kafka's Java client computes it, so that every engine agrees. */

const multiplier = 0x5bd1e995;
const seed = 0x9747b28c;
const encoder = new TextEncoder();

/** The 32-bit murmur2 hash of Kafka's `Utils.murmur2`, as a signed number. */
export function murmur2(bytes: Uint8Array): number {
  const length = bytes.length;
  let hash = seed ^ length;
  const whole = length & ~3;
  for (let i = 0; i < whole; i += 4) {
    let word =
      (bytes[i] ?? 0) | ((bytes[i + 1] ?? 0) << 8) | ((bytes[i + 2] ?? 0) << 16) | ((bytes[i + 3] ?? 0) << 24);
    word = Math.imul(word, multiplier);
    word ^= word >>> 24;
    word = Math.imul(word, multiplier);
    hash = Math.imul(hash, multiplier) ^ word;
  }
  const rest = length - whole;
  if (rest > 0) {
    if (rest > 2) hash ^= (bytes[whole + 2] ?? 0) << 16;
    if (rest > 1) hash ^= (bytes[whole + 1] ?? 0) << 8;
    hash = Math.imul(hash ^ (bytes[whole] ?? 0), multiplier);
  }
  hash = Math.imul(hash ^ (hash >>> 13), multiplier);
  return hash ^ (hash >>> 15);
}

/** The partition of a key among `partitionCount`: `(murmur2(key) & 0x7fffffff) % partitionCount`. */
export function partitionOf(key: Uint8Array, partitionCount: number): number {
  return (murmur2(key) & 0x7fffffff) % partitionCount;
}

/** The partition of a key that is text, as UTF-8. */
export function partitionOfText(key: string, partitionCount: number): number {
  return partitionOf(encoder.encode(key), partitionCount);
}
