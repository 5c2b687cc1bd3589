/**
 * The type numbers of queue records in the journal, and their layouts. A layout never changes: a new one is a new type number, and the old one
 * stays readable. Numbers are varints unless said otherwise; docs/queue.md shows the same table.
 *
 *     1 configured              settings-1
 *     2 sent                    first-sequence enqueued-at:f64 count { body-bytes attributes }                      count bodies
 *     3 delivered               first-lease deadline-wall:f64 timeout:f64 sequences
 *     4 acked                   sequences
 *     5 returned                counts:u8 ready-at-wall:f64 delay:f64 sequences
 *     6 extended                deadline-wall:f64 timeout:f64 sequences
 *     7 readied                 sequences
 *     8 moved-out               to reason:u8 sequences
 *     9 moved-in                from reason:u8 moved-at:f64 first-sequence count { origin body-bytes attributes }   count bodies
 *    10 restored-queue          settings-1 next-sequence next-lease
 *    11 restored-messages       count { restored body-bytes attributes }                                            count bodies
 *    12 relocated               count { sequence body-bytes }                                                      count bodies
 *    13 configured              settings
 *    14 sent                    first-sequence enqueued-at:f64 count { options body-bytes attributes }              count bodies
 *    15 retried                 at-wall:f64 last-error:text count { sequence delay:f64 }
 *    16 rescheduled             ready-at-wall:f64 delay:f64 sequences
 *    17 parked                  reason:u8 at-wall:f64 last-error:text sequences
 *    18 unparked                sequences
 *    19 dropped                 reason:u8 sequences
 *    20 purged
 *    21 paused                  paused:u8
 *    22 forgotten               through-sequence
 *    23 redrive-started         redrive
 *    24 redrive-advanced        moved at-wall:f64 delay:f64
 *    25 redrive-ended           status:u8 at-wall:f64
 *    26 moved-in                from reason:u8 moved-at:f64 first-sequence count { origin moved body-bytes attributes }  count bodies
 *    27 restored-queue          settings next-sequence next-lease paused:u8 count { redrive }
 *    28 restored-deduplication  count { id:text sequence at-wall:f64 }
 *    29 restored-messages       count { restored last-error rare body-bytes attributes }                            count bodies
 */
import type { QueueRecord } from "./records.ts";

/** What is written. Where a record had another layout before, that one is only read. */
export const types = {
  configured: 13,
  sent: 2,
  delivered: 3,
  acked: 4,
  returned: 5,
  extended: 6,
  readied: 7,
  "moved-out": 8,
  relocated: 12,
  retried: 15,
  rescheduled: 16,
  parked: 17,
  unparked: 18,
  dropped: 19,
  purged: 20,
  paused: 21,
  forgotten: 22,
  "redrive-started": 23,
  "redrive-advanced": 24,
  "redrive-ended": 25,
  "moved-in": 26,
  "restored-queue": 27,
  "restored-deduplication": 28,
  "restored-messages": 29,
} as const satisfies Record<QueueRecord["kind"], number>;

/** `sent` when a message has options. */
export const sentWithOptions = 14;

/** Layouts of the first version. */
export const first = { configured: 1, "moved-in": 9, "restored-queue": 10, "restored-messages": 11 } as const;
