/** Durations and bounds that may be left open: on the wire the largest number of all stands for Infinity. */
import { numberMax } from "./limits.ts";

/** Infinity, and what is as good as that, as the largest number that there is on the wire. */
export function finite<Value extends number | undefined>(value: Value): Value {
  return value !== undefined && value > numberMax ? (numberMax as Value) : value;
}

/** The other way round. */
export function unbounded<Value extends number | undefined>(value: Value): Value {
  return value === numberMax ? (Number.POSITIVE_INFINITY as Value) : value;
}
