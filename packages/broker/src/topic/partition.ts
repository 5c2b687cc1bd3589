/** Which partition a key belongs to: the same one as in Kafka's Java client, so that a topic can move between engines. */

const seed = 0x9747b28c;
const mix = 0x5bd1e995;

/** MurmurHash2 (Austin Appleby) with Kafka's seed, as a signed 32-bit number: `org.apache.kafka.common.utils.Utils.murmur2`. */
export function murmur2(key: Uint8Array): number {
  const length = key.length;
  let hash = seed ^ length;
  let at = 0;
  for (; at + 4 <= length; at += 4) {
    let word =
      byte(key, at) | (byte(key, at + 1) << 8) | (byte(key, at + 2) << 16) | (byte(key, at + 3) << 24);
    word = Math.imul(word, mix);
    word ^= word >>> 24;
    hash = Math.imul(hash, mix) ^ Math.imul(word, mix);
  }
  const rest = length - at;
  if (rest > 0) {
    if (rest > 2) hash ^= byte(key, at + 2) << 16;
    if (rest > 1) hash ^= byte(key, at + 1) << 8;
    hash = Math.imul(hash ^ byte(key, at), mix);
  }
  hash ^= hash >>> 13;
  hash = Math.imul(hash, mix);
  return hash ^ (hash >>> 15);
}

const byte = (key: Uint8Array, at: number): number => key[at] as number;

/** T1: the partition of a key among `partitionCount`, from 0. Kafka clears the sign bit rather than taking the magnitude. */
export function partitionOf(key: Uint8Array, partitionCount: number): number {
  return (murmur2(key) & 0x7fffffff) % partitionCount;
}

const utf8 = new TextEncoder();

/** The partition of a key that is a text, by its UTF-8. */
export function partitionOfText(key: string, partitionCount: number): number {
  return partitionOf(utf8.encode(key), partitionCount);
}
