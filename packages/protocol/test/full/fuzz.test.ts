/**
 * Whatever bytes come, a decoder returns a frame or a fault. Payloads that are right are broken in the places where it hurts (lengths,
 * counts, ends) and payloads of noise are given a verb; from a seed, which a failure prints.
 */
import { equal, ok } from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  entryCountMax,
  ReplyDecoder,
  RequestDecoder,
  WireDelivery,
  WireRecord,
} from "../../src/full/index.ts";
import { payloadOf, type Sample, seen } from "./any-field.ts";
import { clientFrames } from "./client-frames.ts";
import { serverFrames } from "./server-frames.ts";

const inputs = 500_000;
const samplesPerVerb = 24;
const seed = 20_260_101;

/** Numbers that announce too much, nothing, or something just beside the truth. */
const extremes = [0, 1, 2, 4, 0x7f, 0x80, 0xfe, 0xff];

interface Dice {
  /** A whole number below `below`. */
  roll(below: number): number;
}

/** Marsaglia's xorshift: a number costs a nanosecond, and a run is the same again. */
function dice(): Dice {
  let state = seed;
  return {
    roll: (below) => {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      return (state >>> 0) % below;
    },
  };
}

const mutations: readonly ((payload: Uint8Array, dice: Dice) => Uint8Array)[] = [
  (payload, { roll }) => payload.subarray(0, roll(payload.length + 1)),
  (payload, { roll }) => {
    payload[roll(payload.length)] = roll(256);
    return payload;
  },
  (payload, { roll }) => {
    payload[roll(payload.length)] = extremes[roll(extremes.length)] ?? 0;
    return payload;
  },
  (payload, { roll }) => payload.fill(0xff, roll(payload.length)),
  (payload, { roll }) => {
    const at = roll(payload.length);
    payload.fill(roll(2) * 0xff, at, at + 4);
    return payload;
  },
  (payload, { roll }) => {
    payload.copyWithin(roll(payload.length), roll(payload.length));
    return payload;
  },
  (payload, { roll }) => {
    for (let i = 5; i < payload.length; i++) payload[i] = roll(256);
    return payload;
  },
];

/** A count that the payload cannot hold would be seen here as so many things. */
function plausible(value: unknown, payloadBytes: number): boolean {
  if (Array.isArray(value)) {
    // Places travel as runs: a few bytes may stand for as many as a batch can have.
    if (value.length > payloadBytes && value.length > 2 * entryCountMax) return false;
    return value.every((one) => plausible(one, payloadBytes));
  }
  if (value instanceof Uint8Array) return value.byteLength <= payloadBytes;
  if (value instanceof WireDelivery || value instanceof WireRecord) {
    return plausible(seen(value), payloadBytes);
  }
  if (value instanceof Map)
    return value.size <= payloadBytes && [...value.values()].every((v) => plausible(v, payloadBytes));
  if (typeof value === "object" && value !== null) {
    for (const one of Object.values(value)) if (!plausible(one, payloadBytes)) return false;
    return true;
  }
  return typeof value !== "string" || value.length <= payloadBytes + 200;
}

function fuzz(
  decode: (payload: Uint8Array) => { readonly verb: string },
  frames: Readonly<Record<string, fc.Arbitrary<Sample>>>,
): Map<string, number> {
  const corpus = Object.values(frames).flatMap((samples) =>
    fc.sample(samples, { numRuns: samplesPerVerb, seed }).map(({ write }) => payloadOf(write)),
  );
  const rolls = dice();
  const found = new Map<string, number>();
  for (let i = 0; i < inputs; i++) {
    let payload: Uint8Array = (corpus[rolls.roll(corpus.length)] as Uint8Array).slice();
    for (let n = rolls.roll(3); n >= 0; n--) {
      payload = (mutations[rolls.roll(mutations.length)] as (typeof mutations)[number])(payload, rolls);
      if (payload.length === 0) break;
    }
    try {
      const frame = decode(payload);
      found.set(frame.verb, (found.get(frame.verb) ?? 0) + 1);
      ok(plausible(frame, payload.length), "what is decoded was in the payload");
    } catch (cause) {
      const bytes = Buffer.from(payload).toString("hex");
      throw new Error(`input ${i} of seed ${seed}: ${bytes}`, { cause });
    }
  }
  return found;
}

test(`${inputs} requests that are broken, or nearly`, () => {
  const decoder = new RequestDecoder();
  const found = fuzz((payload) => decoder.decode(payload), clientFrames);
  ok((found.get("unreadable") ?? 0) > inputs / 4, "many are faults");
  for (const verb of Object.keys(clientFrames)) ok(found.has(verb), `some are still a ${verb}`);
});

test(`${inputs} answers and pushes that are broken, or nearly`, () => {
  const decoder = new ReplyDecoder();
  const found = fuzz((payload) => decoder.decode(payload), serverFrames);
  ok((found.get("unreadable") ?? 0) > inputs / 4, "many are faults");
  ok(found.size > 25);
});

test("announcing four thousand million entries costs nothing", () => {
  const decoder = new RequestDecoder();
  for (const verb of [0x10, 0x14, 0x15, 0x16, 0x20, 0x24, 0x28, 0x2c, 0x2d]) {
    const payload = new Uint8Array(64).fill(0xff);
    payload[0] = verb;
    payload.fill(0, 5, 9);
    const fault = decoder.decode(payload);
    equal(fault.verb === "unreadable" && fault.code, "malformed");
  }
});
