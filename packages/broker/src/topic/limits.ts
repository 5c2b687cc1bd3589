/** Bounds that hold for every topic, whatever its settings. */

/** Most partitions of a topic: enough for any one machine, few enough that a checkpoint and an assignment stay small. */
export const partitionCountMax = 1024;
