/** Bounds and defaults of consumer groups. */

/** How long the others wait for a member that was asked to give partitions up, unless it says otherwise. */
export const rebalanceTimeoutMsDefault = 10_000;

/** Longest such wait: what a member holds back from the others must come to an end. */
export const rebalanceTimeoutMsMax = 10 * 60 * 1000;

/** When a member that has to give signs of life is dropped, unless it says otherwise. */
export const sessionTimeoutMsDefault = 15_000;

/** Longest silence: the partitions of a dead member must not stand still for longer. */
export const sessionTimeoutMsMax = 60 * 60 * 1000;
