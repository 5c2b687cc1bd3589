/** Randomness as an input: ids, salts and jitter come from an injected `Random`, so that a seed replays a run. */
import { randomFillSync } from "node:crypto";

export interface Random {
  /** `count` random bytes. The system's are fit for secrets; a seeded one's are not. */
  bytes(count: number): Uint8Array;
  /** A number in [0, 1). */
  unit(): number;
}

const poolBytes = 8192;

class SystemRandom implements Random {
  #pool = new Uint8Array(poolBytes);
  #used = poolBytes;

  bytes(count: number): Uint8Array {
    if (count > poolBytes) return randomFillSync(new Uint8Array(count));
    if (this.#used + count > poolBytes) {
      randomFillSync(this.#pool);
      this.#used = 0;
    }
    const taken = this.#pool.slice(this.#used, this.#used + count);
    this.#pool.fill(0, this.#used, this.#used + count);
    this.#used += count;
    return taken;
  }

  unit(): number {
    const [a = 0, b = 0, c = 0, d = 0] = this.bytes(4);
    return (a * 0x1000000 + b * 0x10000 + c * 0x100 + d) / 0x1_0000_0000;
  }
}

/** Cryptographically strong randomness, drawn from the system in pools of 8 KiB. */
export const systemRandom: Random = new SystemRandom();

/** A repeatable generator (xoshiro128** after Blackman and Vigna, seeded by splitmix32). Never for secrets. */
export function seededRandom(seed: number): Random {
  let mix = seed | 0;
  const next = (): number => {
    mix = (mix + 0x9e3779b9) | 0;
    let z = mix;
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return (z ^ (z >>> 15)) >>> 0;
  };
  let [a, b, c, d] = [next(), next(), next(), next()];
  const rotate = (value: number, by: number): number => (value << by) | (value >>> (32 - by));
  const uint32 = (): number => {
    const result = Math.imul(rotate(Math.imul(b, 5), 7), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = rotate(d, 11);
    return result;
  };
  return {
    bytes: (count) => Uint8Array.from({ length: count }, () => uint32() & 0xff),
    unit: () => uint32() / 0x1_0000_0000,
  };
}
