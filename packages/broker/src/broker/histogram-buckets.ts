/** The upper bounds of the broker's histograms, in seconds. Changing one breaks the dashboards that read it. */

/** Of deliveries: wall-clock times have whole milliseconds. */
export const latencyBuckets: readonly number[] = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 7200, 86_400,
];

/** Of syncs: from a fast local disk to one that is about to fail. */
export const syncBuckets: readonly number[] = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
];
